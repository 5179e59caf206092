package discovery

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// MaxWeight bounds the weight of one endpoint; it is the largest that DNS SRV
// and Consul can say.
const MaxWeight = 65535

// SplitWeight splits "address" or "address weight" as configuration lists write
// them. The weight is 1 when absent.
func SplitWeight(entry string) (address string, weight int, err error) {
	fields := strings.Fields(entry)
	switch len(fields) {
	case 1:
		return fields[0], 1, nil
	case 2:
		weight, err = strconv.Atoi(fields[1])
		if err != nil || weight < 0 || weight > MaxWeight {
			return "", 0, fmt.Errorf("address %q: weight %q is not a number from 0 to %d", entry, fields[1], MaxWeight)
		}
		return fields[0], weight, nil
	default:
		return "", 0, fmt.Errorf(`address %q is not "host:port" or "host:port weight"`, entry)
	}
}

// CheckAddress reports what is wrong with an endpoint's address: it takes
// "host:port", "[ip6]:port" and "unix:/path".
func CheckAddress(address string) error {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return fmt.Errorf("address %q names no socket path", address)
		}
		return nil
	}
	_, _, err := SplitPort(address)
	return err
}

// SplitPort splits "host:port" and checks both halves.
func SplitPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return "", 0, fmt.Errorf("address %q is not host:port", address)
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("address %q: port %q is not a number from 1 to 65535", address, text)
	}
	return host, port, nil
}
