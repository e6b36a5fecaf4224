package segment

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
)

// sqlBlock is a query of a database. The user's name and the connection string are read for nothing: the conventions have no place for them, and
// there may be a password in them.
type sqlBlock struct {
	url, query, system, version, driver, preparation string
}

func (r *reader) sql(s *segment) {
	if !r.open('{') {
		return
	}
	q := &sqlBlock{}
	s.sql = q
	for key := ""; r.member(&key); {
		switch key {
		case "url":
			r.str(&q.url)
		case "sanitized_query":
			r.str(&q.query)
		case "database_type":
			r.str(&q.system)
		case "database_version":
			r.str(&q.version)
		case "driver_version":
			r.str(&q.driver)
		case "preparation":
			r.str(&q.preparation)
		case "user", "connection_string":
			r.skip()
		default:
			r.other(&s.others, "sql.", key)
		}
	}
}

// systems are the values of db.system.name, by what drivers call their databases, in lower case.
var systems = map[string]string{
	"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mariadb", "sqlite": "sqlite", "sqlite3": "sqlite",
	"oracle": "oracle.db", "microsoft sql server": "microsoft.sql_server", "sql server": "microsoft.sql_server", "sqlserver": "microsoft.sql_server",
	"mssql": "microsoft.sql_server", "h2": "h2database", "db2": "ibm.db2", "redshift": "aws.redshift", "hsql database engine": "hsqldb",
	"apache derby": "derby", "trino": "trino", "snowflake": "snowflake",
}

func (w *writer) sql(q *sqlBlock) {
	system, known := systems[strings.ToLower(q.system)]
	if !known {
		system = "other_sql"
		w.str(attr.XRaySQLType, q.system)
	}
	w.str(attr.DBSystem, system)
	w.optional(attr.DBQuery, q.query, false) // as it is: its signs are no URL's
	w.str(attr.XRaySQLVersion, q.version)
	w.str(attr.XRaySQLDriver, q.driver)
	w.str(attr.XRaySQLPreparation, q.preparation)
	server, database := parseDatabase(q.url)
	w.str(attr.DBNamespace, database)
	if server.host != "" {
		w.str(attr.ServerAddress, server.host)
		if server.port != 0 {
			w.int(attr.ServerPort, server.port)
		}
	}
}

// parseDatabase takes the URL of a database apart: jdbc:postgresql://host:5432/orders?sslmode=require. A password may hold any character, slashes too, and
// in no database's name is an @: whatever is before the last one belongs to the credentials. What follows the name, after a sign that a password may hold
// as well, has none that could end credentials, or nothing is said.
func parseDatabase(s string) (server location, database string) {
	s = strings.TrimPrefix(s, "jdbc:")
	scheme, rest, found := strings.Cut(s, "://")
	if !found || !isScheme(strings.ReplaceAll(scheme, ":", "")) {
		return location{}, ""
	}
	if i := strings.IndexAny(rest, "?;#"); i >= 0 {
		if at := strings.IndexByte(rest[i:], '@'); at >= 0 && (strings.IndexByte(rest[:i], '/') < 0 || strings.IndexByte(rest[i+at:], '/') >= 0) {
			return location{}, ""
		}
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	authority, database, _ := strings.Cut(rest, "/")
	if !server.authority(authority) {
		return location{}, ""
	}
	return server, database
}
