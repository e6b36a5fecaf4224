package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a program that was started.
type process struct {
	command *exec.Cmd
	name    string
	ended   chan struct{} // closed after the end
	err     error         // of the end, once ended is closed
	stopped bool
}

// start starts a program whose output goes to out, and its errors and logs to ours, where they go nowhere yet.
func start(command *exec.Cmd, out io.Writer) (*process, error) {
	command.Stdout = out
	if command.Stderr == nil {
		command.Stderr = os.Stderr
	}
	p := &process{command: command, name: filepath.Base(command.Path), ended: make(chan struct{})}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w; run make build", p.name, err)
	}
	go func() {
		p.err = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// failure is the error of a program that ended by itself. Ctrl-C goes to all programs at once, so one may end before we know why.
func (p *process) failure(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(signalWithin):
	}
	p.stopped = true
	if p.err != nil {
		return fmt.Errorf("%s ended: %w; the reason is above", p.name, p.err)
	}
	return fmt.Errorf("%s ended by itself", p.name)
}

// stop asks the program to end, and waits for it. It is no error that it ended before.
func (p *process) stop() error {
	if p.stopped {
		return nil
	}
	p.stopped = true
	_ = p.command.Process.Signal(os.Interrupt) // may have ended
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		_ = p.command.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not end within %v and was killed", p.name, stopWithin)
	}
	if p.err != nil && !interrupted(p.err) {
		return fmt.Errorf("%s did not end cleanly: %w", p.name, p.err)
	}
	return nil
}

// interrupted says whether a program died of our signal, as the collector does before it is ready to take one.
func interrupted(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

// listens waits until something listens on all addresses.
func (p *process) listens(ctx context.Context, addresses ...string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, address := range addresses {
		for {
			conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case <-p.ended:
				return p.failure(ctx)
			case <-ctx.Done():
				return fmt.Errorf("%s does not listen on %s: %w", p.name, address, err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}
