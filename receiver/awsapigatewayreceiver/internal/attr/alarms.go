package attr

// Attributes of CloudWatch's alarms.
const (
	AlarmPrefix        = "aws.cloudwatch.alarm."
	AlarmName          = AlarmPrefix + "name"
	AlarmType          = AlarmPrefix + "type"
	AlarmARN           = AlarmPrefix + "arn"
	AlarmState         = AlarmPrefix + "state"
	AlarmPreviousState = AlarmPrefix + "previous_state"
	AlarmReason        = AlarmPrefix + "reason"
)
