package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"pingap-go/admin"
)

// viewer are the flags of the commands that ask a running pingap.
type viewer struct {
	addr *string
	json *bool
}

func viewerFlags(f *flag.FlagSet) viewer {
	return viewer{
		addr: f.String("admin", "127.0.0.1:6189", "address of the admin API (env PINGAP_ADMIN_TOKEN is its token)"),
		json: f.Bool("json", false, "print the API's JSON"),
	}
}

func runRoutes(args []string, std streams) error {
	f := flags("routes", std)
	v := viewerFlags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	var routes []admin.Route
	if done, err := v.get("/api/v1/routes", &routes, std); done || err != nil {
		return err
	}
	t := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "SERVER\tPRIORITY\tHOST\tPATH\tMATCH\tLOCATION\tUPSTREAM\tSOURCE")
	for _, r := range routes {
		if r.Problem != "" { // a tag that is no route
			fmt.Fprintf(t, "%s\t-\t-\t%s\t-\t-\t%s\t%s\n", r.Server, or(r.Tag, "-"), or(r.Upstream, "-"), source(&r))
			continue
		}
		if r.Protocol == "tcp" {
			fmt.Fprintf(t, "%s\t-\t*\ttcp\t-\t-\t%s\t%s\n", r.Server, r.Upstream, source(&r))
			continue
		}
		match := append(append([]string{}, r.Methods...), r.Match...)
		fmt.Fprintf(t, "%s\t%d\t%s\t%s %s\t%s\t%s\t%s\t%s\n", r.Server, r.Priority, or(strings.Join(r.Host, ","), "*"), r.PathType, or(r.Path, "/"),
			or(strings.Join(match, " "), "-"), r.Location, or(r.Upstream, "-"), source(&r))
	}
	return t.Flush()
}

func source(r *admin.Route) string {
	text := r.Source
	if len(r.Instances) > 0 {
		text += " (" + strings.Join(r.Instances, ", ") + ")"
	}
	if r.Problem != "" {
		text += " NOT USED: " + r.Problem
	}
	return text
}

func runStatus(args []string, std streams) error {
	f := flags("status", std)
	v := viewerFlags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	var pools []admin.Upstream
	if done, err := v.get("/api/v1/upstreams", &pools, std); done || err != nil {
		return err
	}
	for i := range pools {
		if err := showPool(std.out, &pools[i]); err != nil {
			return err
		}
	}
	return nil
}

func showPool(w io.Writer, u *admin.Upstream) error {
	fmt.Fprintf(w, "%s  %s, %s, %s", u.Name, u.Discovery, u.Algorithm, or(u.Condition, "not_synced"))
	if u.Source != "" {
		fmt.Fprintf(w, "  from %s", u.Source)
	}
	if u.Index > 0 {
		fmt.Fprintf(w, " at index %d", u.Index)
	}
	if u.TTLSeconds > 0 {
		fmt.Fprintf(w, " with a TTL of %s", time.Duration(u.TTLSeconds*float64(time.Second)))
	}
	if u.LastSuccess != nil && u.Discovery != "static" {
		fmt.Fprintf(w, ", answered %s ago", time.Duration(u.AgeSeconds*float64(time.Second)).Round(100*time.Millisecond))
	}
	if u.Stale {
		fmt.Fprintf(w, "  STALE: %s", or(u.LastError, "serving from saved membership"))
	}
	if u.Panic {
		fmt.Fprint(w, "  PANIC: all endpoints are used")
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, e := range u.Endpoints {
		fmt.Fprintf(t, "  %s\t%s\t%s\tweight %d\t%s\tsince %s\t%d requests, %d failed\n", e.Verdict, e.ID, e.Address, e.Weight,
			e.Reason, moment(e.Since), e.Requests, e.Failures)
	}
	return t.Flush()
}

// moment is a time of today as the clock shows it, any other with its date.
func moment(t time.Time) string {
	t, layout := t.Local(), time.TimeOnly
	if t.Format(time.DateOnly) != time.Now().Format(time.DateOnly) {
		layout = time.DateTime
	}
	return t.Format(layout)
}

// get asks the admin API and decodes the answer, in which all texts are plain then. With -json it prints the answer
// instead and reports that this is done.
func (v viewer) get(path string, into any, std streams) (done bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, adminURL(*v.addr)+path, nil)
	if err != nil {
		return false, fmt.Errorf("admin address: %w", err)
	}
	if token := os.Getenv("PINGAP_ADMIN_TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
		return false, fmt.Errorf("%s%s answered %s: %s", *v.addr, path, res.Status, plainText(strings.TrimSpace(string(text))))
	}
	if *v.json {
		_, err := io.Copy(std.out, res.Body)
		return true, err
	}
	err = json.NewDecoder(res.Body).Decode(into)
	plain(reflect.ValueOf(into).Elem())
	return false, err
}

// adminURL is where the admin API is: an address, or a URL as far as its host.
func adminURL(addr string) string {
	if strings.Contains(addr, "://") {
		return strings.TrimSuffix(addr, "/")
	}
	return "http://" + addr
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
