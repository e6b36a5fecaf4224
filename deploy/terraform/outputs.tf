output "role_arn" {
  description = "role_arn in the collector's config"
  value       = aws_iam_role.reader.arn
}
