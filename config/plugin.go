package config

// positions tells where a key of the configuration stands.
type positions struct{}
