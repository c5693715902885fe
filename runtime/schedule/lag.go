package schedule

import (
	"math/bits"
	"time"
)

// lags counts how late questions start: in buckets that grow by a quarter of a power of two, for the current minute and
// the one before.
type lags struct {
	begun     time.Time
	now, last [lagBuckets]uint32
}

const lagBuckets = 4 * 24 // up to 2^24 µs, some 16 s; what is later counts there

// add counts one.
func (l *lags) add(now time.Time, d time.Duration) {
	if now.Sub(l.begun) > time.Minute {
		l.last, l.now, l.begun = l.now, [lagBuckets]uint32{}, now
	}
	l.now[lagBucket(d)]++
}

// lagBucket is the bucket of d: the power of two of its microseconds, and the two bits behind the highest.
func lagBucket(d time.Duration) int {
	us := uint64(max(d, 0)/time.Microsecond) + 4 // from 4 on there are two bits behind the highest
	power := bits.Len64(us) - 1
	return min(4*(power-2)+int(us>>(power-2)&3), lagBuckets-1)
}

// upper is the largest lag of a bucket.
func upper(bucket int) time.Duration {
	power, quarter := bucket/4, uint64(bucket%4)
	return time.Duration((4+quarter+1)<<power-4) * time.Microsecond
}

// p99 is the lag that 99 of 100 did not exceed.
func (l *lags) p99() time.Duration {
	total := uint64(0)
	for i := range l.now {
		total += uint64(l.now[i]) + uint64(l.last[i])
	}
	sum := uint64(0)
	for i := range l.now {
		sum += uint64(l.now[i]) + uint64(l.last[i])
		if total > 0 && sum*100 >= total*99 {
			return upper(i)
		}
	}
	return 0
}
