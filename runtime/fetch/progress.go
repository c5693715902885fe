package fetch

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// bar shows on one line of a terminal how far a download is, without colours or control sequences.
type bar struct {
	to    io.Writer
	now   func() time.Time
	begin time.Time // of what is measured
	from  int64     // what had come then
	last  time.Time // when it was written last
	width int       // of what stands there
}

// barPause is the time between two changes of the line.
const barPause = 200 * time.Millisecond

// show writes the line anew, unless it just did. size is -1 where it is not known.
func (b *bar) show(have, size int64) {
	now := b.now()
	if b.begin.IsZero() || have < b.from {
		b.begin, b.from, b.last = now, have, now
		return
	}
	if now.Sub(b.last) < barPause {
		return
	}
	b.last = now
	line := "  " + bytesText(have)
	if size > 0 {
		line += fmt.Sprintf(" of %s, %d%%", bytesText(size), 100*have/size)
	}
	if took := now.Sub(b.begin); took > 0 {
		line += fmt.Sprintf(", %s/s", bytesText(int64(float64(have-b.from)/took.Seconds())))
	}
	b.write(line)
}

func (b *bar) write(line string) {
	fmt.Fprint(b.to, "\r"+line+strings.Repeat(" ", max(0, b.width-len(line))))
	b.width = len(line)
}

// clear takes the line away.
func (b *bar) clear() {
	if b.width > 0 {
		b.write("")
		fmt.Fprint(b.to, "\r")
	}
}

// around is say, which writes where the line was.
func (b *bar) around(say func(string)) func(string) {
	return func(line string) {
		b.clear()
		say(line)
	}
}
