package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// readLines hands over the lines that were added to a file since offset, and moves it behind them. A file that is not there yet has none.
func readLines(path string, offset *int64, take func(line []byte) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(*offset, io.SeekStart); err != nil {
		return err
	}
	for r := bufio.NewReader(file); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // a last line without its end is still being written
		}
		if err != nil {
			return err
		}
		*offset += int64(len(line))
		if err := take(bytes.TrimSpace(line)); err != nil {
			return fmt.Errorf("cannot read %s: %w", path, err)
		}
	}
}
