variable "collector_role_arn" {
  description = "The identity that the collector runs with, which may assume the role."
  type        = string
}

variable "external_id" {
  description = "What the collector has to say to assume the role, a value of your own; external_id in its config."
  type        = string

  validation {
    condition     = length(var.external_id) >= 2
    error_message = "An external id has at least two characters."
  }
}

variable "role_name" {
  description = "The same in all accounts, so that the collector may assume all of them by one pattern."
  type        = string
  default     = "apigateway-reader"
}

variable "signals" {
  description = "What the collector has pipelines for."
  type        = set(string)
  default     = ["metrics", "logs", "traces"]

  validation {
    condition     = length(setsubtract(var.signals, ["metrics", "logs", "traces"])) == 0
    error_message = "Signals are metrics, logs and traces."
  }
}

variable "api_keys" {
  description = "API keys as entities. Whoever holds the role's credentials can then read the keys' values as well."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}
