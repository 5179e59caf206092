package config

import (
	"fmt"
	"slices"
	"strings"
)

// spellings lists the other ways to write our keys, by block: Pingap's name for
// the same thing, and ours. "servers.*" are the blocks [servers.NAME].
var spellings = map[string]map[string]string{
	"basic": {
		"graceful_shutdown_timeout": "shutdown_timeout",
	},
	"servers.*": {
		"enabled_h2": "enable_http2",
	},
	"locations.*": {
		"proxy_set_headers":            "headers_set",
		"proxy_add_headers":            "headers_add",
		"weight":                       "priority",
		"max_retries":                  "retries",
		"enable_reverse_proxy_headers": "forwarded_headers",
	},
	"upstreams.*": {
		"algo":             "algorithm",
		"update_frequency": "refresh",
	},
}

// notBuilt lists Pingap's keys that we do not have, by block. The block "" lists
// sections.
var notBuilt = map[string]string{
	"": "certificates storages",
	"basic": `pid_file error_log upgrade_sock user group work_stealing listener_tasks_per_fd grace_period
		upstream_keepalive_pool_size webhook webhook_type webhook_notifications log_buffered_size log_format_json
		log_compress_algorithm log_compress_level log_compress_days_ago log_compress_time_point_hour sentry pyroscope
		auto_restart_check_interval`,
	"servers.*": `threads tls_cipher_list tls_ciphersuites tls_max_version global_certificates tcp_idle tcp_interval
		tcp_probe_count tcp_user_timeout downstream_read_timeout downstream_write_timeout tcp_fastopen tcp_fast_open
		reuse_port prometheus_metrics otlp_exporter includes modules enable_server_timing remark`,
	"locations.*": "includes grpc_web max_retry_window remark",
	"upstreams.*": `dns_domain dns_search ipv4_only enable_tracer enable_backend_stats backend_failure_status_code
		backend_stats_interval circuit_break_max_consecutive_failures circuit_break_max_failure_percent
		circuit_break_min_requests_threshold circuit_break_half_open_consecutive_success_threshold
		circuit_break_open_duration max_h2_streams connection_timeout total_connection_timeout read_timeout
		write_timeout tcp_idle tcp_interval tcp_probe_count tcp_user_timeout tcp_recv_buf tcp_fast_open includes remark`,
	"plugins.*": "step remark",
}

// instead says what serves in place of a key in notBuilt, where something does.
var instead = map[string]string{
	"basic.grace_period":                                 "drain_delay waits before listeners close",
	"basic.upstream_keepalive_pool_size":                 "keepalive_pool_size is the bound per endpoint",
	"basic.log_format_json":                              "-log-format json does that",
	"basic.pyroscope":                                    "the admin API has /debug/pprof/",
	"servers.*.threads":                                  "basic.threads is for the whole program",
	"servers.*.downstream_read_timeout":                  "read_header_timeout and idle_timeout bound a client",
	"servers.*.prometheus_metrics":                       "the admin API has /metrics",
	"servers.*.otlp_exporter":                            "otel.endpoint does that",
	"upstreams.*.circuit_break_max_consecutive_failures": "ejection.consecutive_failures does that",
	"upstreams.*.circuit_break_max_failure_percent":      "ejection.success_rate does that",
	"upstreams.*.circuit_break_min_requests_threshold":   "ejection.min_requests does that",
	"upstreams.*.circuit_break_open_duration":            "ejection.base_time does that",
	"upstreams.*.connection_timeout":                     "locations have connect_timeout",
	"upstreams.*.total_connection_timeout":               "locations have connect_timeout",
	"upstreams.*.read_timeout":                           "locations have response_timeout",
	"plugins.*.step":                                     "a plugin runs where it stands in its location's list",
}

// blockOf is the name under which the tables above list the keys of the block at p.
func blockOf(p path) string {
	switch len(p) {
	case 0:
		return ""
	case 1:
		return p[0]
	case 2:
		return p[0] + ".*"
	default:
		return "none"
	}
}

// notBuiltText says what there is to say of a key that Pingap has and we have
// not; it is empty for other keys.
func notBuiltText(block, key string) string {
	if !slices.Contains(strings.Fields(notBuilt[block]), key) {
		return ""
	}
	text := fmt.Sprintf("Pingap's `%s` is not built yet", key)
	if other := instead[block+"."+key]; other != "" {
		text += "; " + other
	}
	return text
}

// respell renames the keys of tree that have another spelling to ours.
func (b *binder) respell(tree map[string]any) {
	for section, value := range tree {
		table, _ := value.(map[string]any)
		b.respellBlock(path{section}, table)
		for name, value := range table {
			block, _ := value.(map[string]any)
			b.respellBlock(path{section, name}, block)
		}
	}
}

func (b *binder) respellBlock(at path, block map[string]any) {
	for theirs, ours := range spellings[blockOf(at)] {
		value, ok := block[theirs]
		if !ok {
			continue
		}
		delete(block, theirs)
		if _, both := block[ours]; both {
			b.report(at.to(theirs), fmt.Sprintf("another spelling of %s, which is set as well", ours), "")
			continue
		}
		block[ours] = value
		b.movePlaces(at.to(theirs), at.to(ours), value)
	}
}

// movePlaces makes the places of a key known under its new name; they keep the
// name that was written.
func (b *binder) movePlaces(from, to path, value any) {
	b.where[to.id()] = b.where.find(from)
	list, _ := value.([]any)
	for i := range list {
		b.where[to.to(element(i)).id()] = b.where.find(from.to(element(i)))
	}
}
