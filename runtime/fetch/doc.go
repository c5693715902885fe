// Package fetch puts a program in place before its service starts: it downloads, verifies, unpacks and switches.
//
// In: a [spec.Fetch], the platform of this machine, a way to the network. Out: the folder Dest, whole, with the program
// in it; or an error, and nothing. What is there already is left alone, so that a start without a network works.
//
// It never shows half a program: everything is prepared and synced in a folder beside Dest and renamed. Whatever moment
// it is killed at, Dest is not there or complete; the next run goes on with a download that began, where the server has
// the same bytes still, and clears all else. It never runs what it fetched, never unpacks what is not verified as a whole,
// removes no other version but by Keep, and writes nothing outside of the folder that holds Dest.
//
//	err := fetch.Run(ctx, f, fetch.Options{Platform: "linux_amd64", Transport: fetch.Transport(nil)})
//
// The files: fetch.go the order of the steps, download.go the network, resume.go a download that an earlier run began,
// sums.go the list of sums, unpack*.go archives, keep.go old versions, progress.go the line on a terminal, disk.go every
// change of the disk.
package fetch
