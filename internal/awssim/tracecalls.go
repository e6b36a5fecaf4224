package awssim

// calls adds what a function calls, one after another: always a table, at times a queue, a topic, a database, a partner over HTTP; and work of its own.
func (b *traceBuilder) calls(invocation *node, n uint64, at int) {
	wanted := []func(*node, uint64, int){b.table}
	for i, call := range []func(*node, uint64, int){b.queue, b.topic, b.database, b.partner, b.local} {
		if n>>(40+3*i)&3 == 0 {
			wanted = append(wanted, call)
		}
	}
	slot := (invocation.end - invocation.start) / int64(len(wanted)+1)
	for i, call := range wanted {
		start := invocation.start + slot/2 + int64(i)*slot
		sub := &node{id: b.id(), start: start, end: start + slot*3/4}
		invocation.children = append(invocation.children, sub)
		call(sub, n, at)
	}
}

// call makes a subsegment a call of an AWS service.
func (b *traceBuilder) call(sub *node, service, operation string, n uint64, more ...member) {
	region := b.c.info.region.Name
	sub.name, sub.namespace = service, "aws"
	sub.aws = append(object{
		{"operation", operation}, {"region", region}, {"request_id", string(appendUUID(nil, mix(n+sub.id), sub.id))}, {"account_id", b.c.info.account},
	}, more...)
	sub.http = &nodeHTTP{status: 200, length: 64 + int64(n>>8&1023)}
}

func (b *traceBuilder) table(sub *node, n uint64, at int) {
	operation := "GetItem"
	if b.c.method != "GET" {
		operation = "PutItem"
	}
	table := b.c.info.api.Name + "-table"
	b.call(sub, "DynamoDB", operation, n, member{"table_name", table}, member{"resource_names", list{table}})
	if n>>5&7 == 0 {
		sub.aws = append(sub.aws, member{"retries", 1})
	}
	b.t.infer(b.id(), at, sub, "", "AWS::DynamoDB::Table")
}

func (b *traceBuilder) queue(sub *node, n uint64, at int) {
	region := b.c.info.region.Name
	url := "https://sqs." + region + "." + dnsSuffix(partitionOf(region)) + "/" + b.c.info.account + "/" + b.c.info.api.Name + "-events"
	b.call(sub, "SQS", "SendMessage", n, member{"queue_url", url}, member{"message_id", string(appendUUID(nil, sub.id, mix(sub.id)))})
	b.t.infer(b.id(), at, sub, url, "AWS::SQS::Queue")
}

func (b *traceBuilder) topic(sub *node, n uint64, at int) {
	region := b.c.info.region.Name
	arn := "arn:" + partitionOf(region) + ":sns:" + region + ":" + b.c.info.account + ":" + b.c.info.api.Name + "-changes"
	b.call(sub, "SNS", "Publish", n, member{"topic_arn", arn})
	b.t.infer(b.id(), at, sub, "", "AWS::SNS")
}

func (b *traceBuilder) database(sub *node, _ uint64, at int) {
	sub.name, sub.namespace = "orders@db.internal.example.com", "remote"
	sub.sql = object{
		{"url", "jdbc:postgresql://shop:database-secret@db.internal.example.com:5432/orders"},
		{"preparation", "statement"},
		{"database_type", "PostgreSQL"},
		{"database_version", "16.4"},
		{"driver_version", "42.7.4"},
		{"user", "shop"},
		{"sanitized_query", "SELECT * FROM orders WHERE id = ?"},
	}
	b.t.infer(b.id(), at, sub, "", "Database::SQL")
}

// partner is a call over HTTP: one in eight is throttled, one in eight finds nothing.
func (b *traceBuilder) partner(sub *node, n uint64, at int) {
	sub.name, sub.namespace = "api.partner.example.com", "remote"
	status := [8]int{200, 200, 200, 204, 200, 200, 404, 429}[n>>12&7]
	sub.http = &nodeHTTP{method: "GET", url: "https://api.partner.example.com/v2/quotes?apikey=partner-secret", status: status, length: int64(n >> 8 & 1023)}
	sub.ending = endingOf(status)
	if status != 200 {
		sub.cause = b.exception(b.id(), "PartnerError", "the partner answered", true)
	}
	b.t.infer(b.id(), at, sub, "", "")
}

// local is work of the function's own, with a part that follows from another.
func (b *traceBuilder) local(sub *node, n uint64, _ int) {
	sub.name = "## checkout"
	sub.annotations = object{{"step", "checkout"}, {"items", int(n & 7)}}
	sub.metadata = object{{"debug", object{{"trace", list{1, "two", nil, object{{"three", 3}}}}}}}
	half := (sub.end - sub.start) / 2
	first := &node{id: b.id(), name: "## price", start: sub.start, end: sub.start + half}
	second := &node{id: b.id(), name: "## reserve", start: first.end, end: sub.end, more: object{{"precursor_ids", list{hexID(first.id)}}}}
	sub.children = []*node{first, second}
}
