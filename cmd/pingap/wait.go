package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// waitPause is the time between two looks at the URL.
const waitPause = 200 * time.Millisecond

func runWait(args []string, std streams) error {
	f := flags("wait", std)
	target := f.String("url", "", "what to ask, for example http://127.0.0.1:6189/readyz")
	timeout := f.Duration("timeout", time.Minute, "how long to wait")
	if err := parse(f, args); err != nil {
		return err
	}
	if u, err := url.Parse(*target); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		fmt.Fprintf(std.err, "pingap wait: give -url http://HOST/PATH, not %q\n", *target)
		return errUsage
	}
	if *timeout <= 0 {
		fmt.Fprintf(std.err, "pingap wait: give a -timeout above 0, not %s\n", *timeout)
		return errUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	if err := waitFor(ctx, *target); err != nil {
		return fmt.Errorf("%s did not answer 2xx within %s: %w", *target, *timeout, err)
	}
	return nil
}

// waitFor asks url until it answers 2xx. The error is the last answer's.
func waitFor(ctx context.Context, url string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	last := errors.New("no answer")
	for {
		err := ask(ctx, client, url)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(waitPause):
		}
	}
}

func ask(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)); err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("answered %s", res.Status)
	}
	return nil
}
