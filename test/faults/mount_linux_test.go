package faults

import "syscall"

// mount mounts a file system of diskSize.
func mount(dir string) error { return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+diskSize) }

func unmount(dir string) { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }
