// Package pin gives the compiler what does not lie on the disk, and holds it against octo.lock.
//
// In: the lock, a store of contents, mirrors; for the commands that fetch, a network. Out: contents by
// [github.com/octocompose/octocompose/compiler/remote.Address], digests of images and programs. There are two of them:
//
//   - [Locked] is what a compile reads: only the store and the mirrors, and only what the lock says. It never touches the
//     network. What is not in the lock, not in the store, or other bytes than the lock has, is an [Error] that says what
//     to do.
//   - [Locking] is what octo lock reads: it fetches what the lock does not have, puts it into the store, and gathers the
//     lines of the new lock. A line that is there is kept; what no longer matches it is an error, unless it is to be
//     updated.
//
// A mirror stands for everything whose address begins with its prefix: a folder on the disk, of which nothing outside is
// read, links included.
package pin
