# A role through which otelcol-apigateway reads API Gateway's metrics, logs, traces and inventory in an account. It changes nothing. The policies are those of
# ../iam, so take the module from the whole repository:
#
#   module "apigateway_reader" {
#     source             = "github.com/otelcol-apigateway/awsapigateway//deploy/terraform?ref=v0.1.0"
#     collector_role_arn = "arn:aws:iam::999988887777:role/collector"
#     external_id        = var.reader_external_id
#   }

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

locals {
  policies = setunion(["inventory"], var.signals, var.api_keys ? ["api-keys"] : []) # every signal needs the inventory

  # The files are written for the partition aws and an account of documentation.
  documents = {
    for name in local.policies : name => replace(
      replace(file("${path.module}/../iam/${name}.json"), "arn:aws:", "arn:${data.aws_partition.this.partition}:"),
      "111122223333", data.aws_caller_identity.this.account_id
    )
  }
}

resource "aws_iam_role" "reader" {
  name        = var.role_name
  description = "otelcol-apigateway reads API Gateway through it"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.collector_role_arn }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_role_policy" "reader" {
  for_each = local.documents

  name   = each.key
  role   = aws_iam_role.reader.id
  policy = each.value
}
