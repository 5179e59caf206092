# Two services, one calling the other through its sidecar, both registered by
# their sidecars. With Docker; see README.md.

variable "image" {
  description = "an image with the pingap binary as its entrypoint"
  default     = "pingap:latest"
}

variable "consul" {
  description = "address of the node's Consul agent as containers reach it"
  default     = "172.17.0.1:8500"
}

job "pair" {
  update {
    max_parallel     = 1
    health_check     = "task_states"
    min_healthy_time = "3s"
    healthy_deadline = "1m"
  }

  group "back" {
    count = 2

    network {
      mode = "bridge"

      port "proxy" {
        to = 8080
      }
    }

    task "proxy" {
      driver = "docker"

      # The leader is stopped first, and Nomad waits for it: the sidecar
      # deregisters the service, waits drain_delay, finishes its requests, and
      # only then the app is ended. Without it Nomad ends sidecars last.
      leader = true

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image = var.image
        args  = ["run", "-config", "${NOMAD_TASK_DIR}/pingap.toml"]
      }

      template {
        destination   = "local/pingap.toml"
        change_mode   = "signal"
        change_signal = "SIGHUP"
        data          = <<-EOT
          [basic]
          name = "back"
          state_dir = "${NOMAD_TASK_DIR}/state"
          drain_delay = "3s"
          shutdown_timeout = "20s"

          [admin]
          addr = "127.0.0.1:6189"

          [consul]
          address = "${var.consul}"

          [services.back]
          address = "${NOMAD_IP_proxy}:${NOMAD_HOST_PORT_proxy}"
          app = "http://127.0.0.1:3000/health?check_frequency=1s"

          [servers.inbound]
          addr = ":${NOMAD_PORT_proxy}"

          [locations.app]
          upstream = "app"

          [upstreams.app]
          addrs = ["127.0.0.1:3000"]
        EOT
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu    = 100
        memory = 64
      }
    }

    task "gate" {
      driver = "docker"

      lifecycle {
        hook = "prestart"
      }

      config {
        image = var.image
        args  = ["wait", "-url", "http://127.0.0.1:6189/readyz", "-timeout", "60s"]
      }

      resources {
        cpu    = 20
        memory = 32
      }
    }

    # The app: a fixed answer. Put yours here.
    task "app" {
      driver = "docker"

      config {
        image = var.image
        args  = ["run", "-config", "${NOMAD_TASK_DIR}/app.toml"]
      }

      template {
        destination = "local/app.toml"
        data        = <<-EOT
          [admin]
          addr = ""
          [servers.app]
          addr = "127.0.0.1:3000"
          [locations.hello]
          plugins = ["hello"]
          [plugins.hello]
          category = "mock"
          data = "back ${NOMAD_ALLOC_INDEX}"
        EOT
      }

      kill_signal = "SIGTERM"

      resources {
        cpu    = 100
        memory = 64
      }
    }
  }

  group "front" {
    network {
      mode = "bridge"

      port "proxy" {
        to = 8080
      }
    }

    task "proxy" {
      driver = "docker"
      leader = true

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image = var.image
        args  = ["run", "-config", "${NOMAD_TASK_DIR}/pingap.toml"]
      }

      template {
        destination   = "local/pingap.toml"
        change_mode   = "signal"
        change_signal = "SIGHUP"
        data          = <<-EOT
          [basic]
          name = "front"
          state_dir = "${NOMAD_TASK_DIR}/state"
          drain_delay = "3s"
          shutdown_timeout = "20s"

          [admin]
          addr = "127.0.0.1:6189"

          [consul]
          address = "${var.consul}"

          [services.front]
          address = "${NOMAD_IP_proxy}:${NOMAD_HOST_PORT_proxy}"
          app = "tcp://127.0.0.1:3000?check_frequency=1s"
          tags = ["urlprefix-/front"]

          # Inbound: others reach the app here.
          [servers.inbound]
          addr = ":${NOMAD_PORT_proxy}"
          locations = ["app"]

          [locations.app]
          upstream = "app"

          [upstreams.app]
          addrs = ["127.0.0.1:3000"]

          # Egress: the app reaches the service "back" here, on loopback. Who is
          # there comes from Consul, live.
          [servers.egress]
          addr = "127.0.0.1:8081"
          locations = ["back"]

          [locations.back]
          upstream = "back"

          [upstreams.back]
          discovery = "consul"
          service = "back"
        EOT
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu    = 100
        memory = 64
      }
    }

    task "gate" {
      driver = "docker"

      lifecycle {
        hook = "prestart"
      }

      config {
        image = var.image
        args  = ["wait", "-url", "http://127.0.0.1:6189/readyz", "-timeout", "60s"]
      }

      resources {
        cpu    = 20
        memory = 32
      }
    }

    # The app asks http://127.0.0.1:<egress>/ and passes the answer on. Put yours
    # here; its client needs no discovery, no retries and no health checks.
    task "app" {
      driver = "docker"

      config {
        image = var.image
        args  = ["run", "-config", "${NOMAD_TASK_DIR}/app.toml"]
      }

      template {
        destination = "local/app.toml"
        data        = <<-EOT
          [basic]
          state_dir = "${NOMAD_TASK_DIR}/state"
          [admin]
          addr = ""
          [servers.app]
          addr = "127.0.0.1:3000"
          [locations.back]
          upstream = "egress"
          response_headers_set = ["X-Front: ${NOMAD_ALLOC_INDEX}"]
          [upstreams.egress]
          addrs = ["127.0.0.1:8081"]
        EOT
      }

      kill_signal = "SIGTERM"

      resources {
        cpu    = 100
        memory = 64
      }
    }
  }
}
