package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInferredSegmentsOfServicesThatSendTheirOwnAreTentative(t *testing.T) {
	for members, want := range map[string]bool{
		``: false, `,"origin":"AWS::Lambda"`: false, // not inferred
		`,"inferred":true`:                                         true,
		`,"inferred":true,"origin":"remote"`:                       true,
		`,"inferred":true,"origin":"AWS::Lambda"`:                  true,
		`,"inferred":true,"origin":"AWS::Lambda::Function"`:        true,
		`,"inferred":true,"origin":"AWS::ApiGateway::Stage"`:       true,
		`,"inferred":true,"origin":"AWS::ECS::Fargate"`:            true,
		`,"inferred":true,"origin":"AWS::StepFunctions"`:           true,
		`,"inferred":true,"origin":"Something::New"`:               true,
		`,"inferred":true,"origin":"AWS::DynamoDB::Table"`:         false,
		`,"inferred":true,"origin":"AWS::SQS::Queue"`:              false,
		`,"inferred":true,"origin":"AWS::SNS"`:                     false,
		`,"inferred":true,"origin":"AWS::SNS::Topic"`:              false,
		`,"inferred":true,"origin":"AWS::Kinesis::Stream"`:         false,
		`,"inferred":true,"origin":"AWS::S3::Bucket"`:              false,
		`,"inferred":true,"origin":"AWS::RDS::DBInstance"`:         false,
		`,"inferred":true,"origin":"Database::SQL"`:                false,
		`,"inferred":true,"sql":{"database_type":"PostgreSQL"}`:    false,
		`,"inferred":true,"aws":{"table_name":"orders-of-a-name"}`: true, // whoever it is, its origin does not say
	} {
		d, err := Decode(inSegment(members))
		require.NoError(t, err, members)
		assert.Equal(t, want, d.Tentative(), members)
	}
	d, err := DecodeSpan(`{"traceId":"5b6d9d7ea1b2c3d4e5f60718293a4b5c","spanId":"70de5b6f19ff9a0a","startTimeUnixNano":1}`)
	require.NoError(t, err)
	assert.False(t, d.Tentative(), "spans are never inferred")
}
