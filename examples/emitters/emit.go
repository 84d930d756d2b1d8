// Writes events of a Go program to contend: NDJSON on the Unix socket that CONTEND_SOCK names.
package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"
)

var lines = make(chan string, 4096)
var dropped int

// now reads CLOCK_MONOTONIC, which package time does not give away.
func now() int64 {
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

// write never waits for contend: it counts what does not fit.
func write(format string, values ...any) {
	select {
	case lines <- fmt.Sprintf(format+"\n", values...):
	default:
		dropped++
	}
}

func event(lane, kind, object string, depth int) {
	write(`{"t":%d,"l":%q,"k":%q,"o":%q,"d":%d}`, now(), lane, kind, object, depth)
}

func main() {
	done := make(chan bool)
	go func() {
		socket, err := net.DialTimeout("unix", os.Getenv("CONTEND_SOCK"), time.Second)
		for line := range lines {
			if err == nil {
				_, err = socket.Write([]byte(line))
			}
		}
		done <- true
	}()
	write(`{"cv":1,"ev":"hello","pid":%d,"ppid":%d,"lang":"go","clock":"mono","t":%d}`, os.Getpid(), os.Getppid(), now())
	write(`{"ev":"lane","id":"1","tid":%d,"name":"main"}`, os.Getpid())
	write(`{"ev":"obj","id":"2","what":"queue","name":"jobs","scope":"user"}`)
	event("1", "begin", "1", 0)
	for depth := 1; depth <= 5; depth++ {
		event("1", "put", "2", depth)
	}
	for depth := 4; depth >= 0; depth-- {
		event("1", "got", "2", depth)
	}
	event("1", "end", "1", 0)
	write(`{"ev":"drop","n":%d}`, dropped)
	write(`{"ev":"bye","code":0}`)
	close(lines)
	<-done
}
