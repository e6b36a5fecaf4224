package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// disk is the folder of the storage extension, on a file system of its own where the machine lets us have one.
type disk struct {
	dir     string
	mounted bool
}

// diskSize is that of the file system; files of the storage have holes, and take less than they show.
const diskSize = "24m"

func newDisk(dir string) (*disk, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return &disk{dir, mount(dir) == nil}, nil
}

func (d *disk) close() {
	if d.mounted {
		unmount(d.dir)
	}
}

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// fill leaves no byte free.
func (d *disk) fill() error {
	if !d.mounted {
		return nil
	}
	f, err := os.Create(d.ballast())
	if err != nil {
		return err
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} { // what does not fit whole may fit in part
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("cannot fill the disk: %w", err)
		}
	}
	return nil
}

func (d *disk) free() {
	if d.mounted {
		_ = os.Remove(d.ballast())
	}
}

// positions are the files with the receiver's positions.
func (d *disk) positions() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(d.dir, "receiver_*"))
	if err == nil && len(files) == 0 {
		err = errors.New("there is no file with positions")
	}
	return files, err
}

// Ways to corrupt a file.
const (
	headless = 1 + iota // its first pages are zero
	halved              // its second half is gone
	scribbled
)

// corrupt spoils the files with the receiver's positions.
func (d *disk) corrupt(how int, rng *rand.Rand) error {
	files, err := d.positions()
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		switch how {
		case headless:
			clear(text[:min(len(text), 2*os.Getpagesize())])
		case halved:
			text = text[:len(text)/2]
		case scribbled:
			for i := len(text) / 4; i < len(text)/2; i++ {
				text[i] = byte(rng.Uint32())
			}
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// removePositions is what is left to do with files that nothing can read.
func (d *disk) removePositions() error {
	files, err := d.positions()
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}
