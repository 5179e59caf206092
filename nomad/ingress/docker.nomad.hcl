# One pingap on every client node, which routes to whatever the catalog's tags
# ask for. With Docker; see README.md.

variable "image" {
  description = "an image with the pingap binary as its entrypoint"
  default     = "pingap:latest"
}

variable "consul" {
  description = "address of the node's Consul agent"
  default     = "127.0.0.1:8500"
}

variable "port" {
  description = "where clients come in"
  default     = 8080
}

variable "admin_port" {
  default = 6189
}

job "ingress" {
  type = "system"

  update {
    max_parallel     = 1
    min_healthy_time = "2s"
  }

  group "ingress" {
    network {
      port "http" {
        static = var.port
      }
      port "admin" {
        static = var.admin_port
      }
    }

    task "proxy" {
      driver = "docker"

      config {
        image        = var.image
        network_mode = "host"
        args         = ["run", "-config", "${NOMAD_TASK_DIR}/pingap.toml"]
      }

      template {
        destination   = "local/pingap.toml"
        change_mode   = "signal"
        change_signal = "SIGHUP"
        data          = <<-EOT
          [basic]
          name = "ingress"
          state_dir = "${NOMAD_TASK_DIR}/state"
          drain_delay = "2s"
          shutdown_timeout = "20s"

          [admin]
          addr = "127.0.0.1:${NOMAD_PORT_admin}"

          [consul]
          address = "${var.consul}"

          [servers.http]
          addr = ":${NOMAD_PORT_http}"

          [auto_routes]
          enabled = true
          server = "http"
        EOT
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "25s"

      resources {
        cpu    = 200
        memory = 128
      }
    }
  }
}
