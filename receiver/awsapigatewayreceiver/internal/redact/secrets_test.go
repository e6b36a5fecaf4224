package redact

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSecretsAreToldByTheirNames(t *testing.T) {
	for _, name := range []string{
		"Authorization", "Proxy-Authorization", "authorization_header", "Cookie", "Set-Cookie", "set_cookie", "X-Api-Key", "x-goog-api-key", "X-Amz-Security-Token",
		"password", "PASSWORD", "dbPassword", "db.password", "passwd", "pwd", "secret", "secrets", "client_secret", "clientSecret", "CLIENTSECRET", "SecretString",
		"token", "access_token", "accessToken", "accesstoken", "id_token", "idToken", "refresh-token", "x-auth-token", "X-CSRF-Token", "session_token", "authorizationToken",
		"api-key", "api_key", "apikey", "apiKey", "api key", "private_key", "privateKey", "aws_secret_access_key", "secretAccessKey", "Ocp-Apim-Subscription-Key",
		"credentials", "jwt", "http.request.header.x-api-key", "token[]", "token[0]", "set-cookie.0", "password2", "aws:api_key", "oauth2_token",
		"connection_string", "ConnectionStrings", "db.connectionString", "password_confirmation", "apiKeys", "private_keys", "secretKeys", "accessTokens", "refresh_tokens",
	} {
		assert.True(t, Secret(name), name)
	}
	for _, name := range []string{
		"", "-", "123", "é", "x-amzn-trace-id", "sampling_key", "partition_key", "cache-key", "messaging.kafka.message.key", "aws.s3.key", "key", "keys", "accessKeyId", "secret_id",
		"secret_arn", "token_count", "token_type", "gen_ai.usage.input_tokens", "max_tokens", "authorization_status", "cookie_count", "passwordless", "tokenizer", "authorizer",
		"author", "country", "expected", "bytes_sent", "status", "aws.xray.name", "secretary", "monkey", "keyboard", "keys", "tokens", "connection_id", "gen_ai.usage.tokens",
	} {
		assert.False(t, Secret(name), name)
	}
}
