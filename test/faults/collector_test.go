package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// collector is the built collector, which can be stopped and started again.
type collector struct {
	binary string
	args   []string
	dir    string // where it runs, and logs

	mu      sync.Mutex
	cmd     *exec.Cmd
	logged  int64 // bytes of the log before the newest start
	exited  chan struct{}
	err     error
	wanted  bool // it should be running
	crashes []string
}

const (
	// startsWithin and stopsWithin are longer than it takes on a busy machine; a Consume that is in flight alone gets ten seconds.
	startsWithin = 60 * time.Second
	stopsWithin  = 60 * time.Second
)

var errExited = errors.New("the collector ended while it started")

// start runs it, and waits until it says that it is ready.
func (c *collector) start() error {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		return err
	}
	cmd := exec.Command(c.binary, c.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_REGION="+region)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the collector: %w", err)
	}
	exited := make(chan struct{})
	c.mu.Lock()
	c.cmd, c.exited, c.logged, c.wanted = cmd, exited, info.Size(), true
	c.mu.Unlock()
	go c.wait(cmd, exited)
	for limit := time.Now().Add(startsWithin); time.Now().Before(limit); {
		if bytes.Contains(c.newestLog(), []byte("Everything is ready")) {
			return nil
		}
		select {
		case <-exited:
			return errExited
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("the collector was not ready after %v", startsWithin)
}

// wait notes an end that nobody asked for.
func (c *collector) wait(cmd *exec.Cmd, exited chan struct{}) {
	err := cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err = err; c.wanted {
		c.crashes = append(c.crashes, fmt.Sprintf("the collector ended by itself at %s: %v", time.Now().UTC().Format(time.TimeOnly), err))
	}
	c.wanted = false
	close(exited)
}

func (c *collector) logFile() string { return filepath.Join(c.dir, "collector.log") }

// newestLog is what it logged since it was started last.
func (c *collector) newestLog() []byte {
	text, err := os.ReadFile(c.logFile())
	if err != nil || int64(len(text)) < c.logged {
		return nil
	}
	return text[c.logged:]
}

// stop sends a signal that ends it, and waits for that.
func (c *collector) stop(signal syscall.Signal) error {
	c.mu.Lock()
	c.wanted = false
	cmd, exited := c.cmd, c.exited
	c.mu.Unlock()
	_ = cmd.Process.Signal(signal) // it may have ended
	select {
	case <-exited:
	case <-time.After(stopsWithin):
		_ = cmd.Process.Signal(syscall.SIGQUIT) // which writes the stacks of all goroutines into the log
		<-exited
		return fmt.Errorf("the collector ran on for %v after %v", stopsWithin, signal)
	}
	if signal == syscall.SIGTERM && c.err != nil {
		return fmt.Errorf("the collector ended with %w after SIGTERM", c.err)
	}
	return nil
}

// running says whether it runs.
func (c *collector) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wanted
}

// forgive forgets the newest end that nobody asked for, where it had to be.
func (c *collector) forgive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.crashes); n > 0 {
		c.crashes = c.crashes[:n-1]
	}
}

func (c *collector) reload() { _ = c.cmd.Process.Signal(syscall.SIGHUP) }
