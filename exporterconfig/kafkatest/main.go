// Command kafkatest is what the tests of kafka.yaml and kafkaconsumer.yaml need beside otelcol-apigateway: a Kafka, and a collector that has the Kafka
// receiver. It is a module of its own, so that nothing else depends on them.
//
//	kafkatest broker -port N -status ADDRESS -cert FILE -key FILE   a broker with TLS and SCRAM-SHA-512, until it is told to end
//	kafkatest collector --config FILE                              a collector of its own with the components of kafkaconsumer.yaml
//
// The broker's user and password come from the environment, KAFKA_USER and KAFKA_PASSWORD; what it has is gone when it ends. Its status answers over
// HTTP: /topics/NAME has the messages of a topic, /groups/NAME how many messages of each topic a group has put behind it. Both are JSON.
package main

import (
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatalf("kafkatest: %v", err)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("want broker or collector")
	}
	switch args[0] {
	case "broker":
		return runBroker(args[1:])
	case "collector":
		command := collector()
		command.SetArgs(args[1:])
		return command.Execute()
	}
	return errors.New("want broker or collector, not " + args[0])
}

func runBroker(args []string) error {
	b := broker{user: os.Getenv("KAFKA_USER"), password: os.Getenv("KAFKA_PASSWORD")}
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	flags.IntVar(&b.port, "port", 0, "the port of the broker, on 127.0.0.1")
	flags.StringVar(&b.status, "status", "127.0.0.1:0", "where the status answers")
	flags.StringVar(&b.cert, "cert", "", "the certificate, as PEM")
	flags.StringVar(&b.key, "key", "", "its key, as PEM")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := b.start(); err != nil {
		return err
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	<-end
	return b.stop()
}
