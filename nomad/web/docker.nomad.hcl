# An app with pingap beside it, registered by Nomad. With Docker; see README.md.

variable "image" {
  description = "an image with the pingap binary as its entrypoint"
  default     = "pingap:latest"
}

variable "version" {
  description = "what the app answers with; a new one is a new deployment"
  default     = "v1"
}

variable "count" {
  default = 2
}

job "web" {
  update {
    max_parallel     = 1
    canary           = 1
    min_healthy_time = "2s"
    healthy_deadline = "1m"
    auto_revert      = true
  }

  group "web" {
    count = var.count

    # Draining a node: one allocation after the other, the next when the one before
    # is healthy elsewhere.
    migrate {
      max_parallel     = 1
      min_healthy_time = "2s"
      healthy_deadline = "1m"
    }

    # Stopping an allocation: Nomad deregisters the group's service, waits this
    # long, ends the app, and ends the sidecar last. In that time callers hear of
    # it and finish what they have begun.
    shutdown_delay = "3s"

    network {
      mode = "bridge"

      port "proxy" {
        to = 8080
      }
    }

    # The group's service is registered before the tasks start and is critical
    # until the check passes, which goes through the sidecar to the app.
    service {
      name        = "web"
      port        = "proxy"
      tags        = ["urlprefix-/web strip=/web"]
      canary_tags = ["urlprefix-/web strip=/web weight=0.1"]

      check {
        type     = "http"
        path     = "/health"
        interval = "1s"
        timeout  = "1s"
      }
    }

    task "proxy" {
      driver = "docker"

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
        splay         = "0s"
        data          = <<-EOT
          [basic]
          name = "web"
          state_dir = "${NOMAD_TASK_DIR}/state"
          shutdown_timeout = "20s"

          [admin]
          addr = "127.0.0.1:6189"

          [servers.inbound]
          addr = ":${NOMAD_PORT_proxy}"

          [locations.app]
          upstream = "app"
          response_headers_set = ["X-Greeting: {{ keyOrDefault "web/greeting" "hello" }}"]

          [upstreams.app]
          addrs = ["127.0.0.1:3000"]
        EOT
      }

      # Longer than shutdown_timeout, so that Nomad never cuts a request off.
      kill_signal  = "SIGTERM"
      kill_timeout = "25s"

      resources {
        cpu    = 100
        memory = 64
      }
    }

    # Nomad starts the app when this task has ended: when the sidecar listens and
    # knows its upstreams. It must not ask for more, such as the app's health.
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

    # The app. This one is pingap, too, answering with a fixed text, so that there
    # is nothing else to install: put yours here.
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
          data = "web ${var.version} ${NOMAD_ALLOC_INDEX}"
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
