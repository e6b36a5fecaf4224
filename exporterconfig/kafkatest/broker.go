package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// partitions is how many a topic has: more than one, so that what has to stay together can part.
const partitions = 3

// broker is a Kafka of one broker.
type broker struct {
	port           int
	status         string
	cert, key      string
	user, password string

	cluster *kfake.Cluster
	server  *http.Server
}

// message is a record of a topic.
type message struct {
	Partition int32  `json:"partition"`
	Value     []byte `json:"value"`
}

func (b *broker) start() error {
	cert, err := tls.LoadX509KeyPair(b.cert, b.key)
	if err != nil {
		return fmt.Errorf("cannot read the certificate: %w", err)
	}
	b.cluster, err = kfake.NewCluster(
		kfake.Ports(b.port), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(partitions),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", b.user, b.password),
	)
	if err != nil {
		return fmt.Errorf("cannot start the broker: %w", err)
	}
	listener, err := net.Listen("tcp", b.status)
	if err != nil {
		b.cluster.Close()
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /topics/{name}", func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, b.messages) })
	mux.HandleFunc("GET /groups/{name}", func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, b.done) })
	b.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = b.server.Serve(listener) }() // it ends with stop
	return nil
}

func (b *broker) stop() error {
	b.cluster.Close()
	return b.server.Close()
}

func (b *broker) answer(w http.ResponseWriter, r *http.Request, query func(context.Context, *kgo.Client, string) (any, error)) {
	out, err := b.ask(r.Context(), r.PathValue("name"), query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(out) // whoever asked is gone
}

// ask lets a query talk to the broker as another client.
func (b *broker) ask(ctx context.Context, name string, query func(context.Context, *kgo.Client, string) (any, error)) (any, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(b.cluster.ListenAddrs()...),
		kgo.DialTLSConfig(&tls.Config{InsecureSkipVerify: true}), //nolint:gosec // it talks to itself
		kgo.SASL(scram.Auth{User: b.user, Pass: b.password}.AsSha512Mechanism()),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return query(ctx, client, name)
}

// messages are those of a topic, in the order of each partition. A topic that is not there has none.
func (*broker) messages(ctx context.Context, client *kgo.Client, topic string) (any, error) {
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	out, want := []message{}, 0
	ends.Each(func(o kadm.ListedOffset) {
		if o.Err == nil {
			want += int(o.Offset)
		}
	})
	if want == 0 {
		return out, nil
	}
	client.AddConsumeTopics(topic)
	for len(out) < want {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) { out = append(out, message{Partition: r.Partition, Value: r.Value}) })
	}
	return out, nil
}

// done is how many messages of each topic a group has put behind it. A group that nobody was in has put none.
func (*broker) done(ctx context.Context, client *kgo.Client, group string) (any, error) {
	out := map[string]int64{}
	offsets, err := kadm.NewClient(client).FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	offsets.Each(func(o kadm.OffsetResponse) {
		if o.Err == nil && o.At > 0 {
			out[o.Topic] += o.At
		}
	})
	return out, nil
}
