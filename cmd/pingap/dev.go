package main

import "errors"

func runDev(args []string, std streams) error { return errors.New("not yet") }
