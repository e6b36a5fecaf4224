package segment

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestQueriesOfDatabases(t *testing.T) {
	for block, want := range map[string]map[string]any{
		`"url":"jdbc:postgresql://orders.example.com:5432/ebdb?user=ann&password=T","preparation":"statement","database_type":"PostgreSQL","database_version":"9.5.4",` +
			`"driver_version":"PostgreSQL 9.4.1211.jre7","user":"dbuser","sanitized_query":"SELECT * FROM customers WHERE customer_id=?;"`: {
			"db.system.name": "postgresql", "db.query.text": "SELECT * FROM customers WHERE customer_id=?;", "db.namespace": "ebdb", "server.address": "orders.example.com",
			"server.port": int64(5432), "aws.xray.sql.database_version": "9.5.4", "aws.xray.sql.driver_version": "PostgreSQL 9.4.1211.jre7", "aws.xray.sql.preparation": "statement",
		},
		`"url":"jdbc:sqlserver://db.example.com:1433;databaseName=orders;password=T","database_type":"Microsoft SQL Server"`: {
			"db.system.name": "microsoft.sql_server", "server.address": "db.example.com", "server.port": int64(1433),
		},
		`"url":"mysql://ann:p/w@ss@db.example.com/orders","database_type":"MySQL","preparation":"call"`: {
			"db.system.name": "mysql", "server.address": "db.example.com", "db.namespace": "orders", "aws.xray.sql.preparation": "call",
		},
		`"url":"jdbc:mysql://db.example.com:3306/orders?user=u&password=p@T","database_type":"MySQL"`: {
			"db.system.name": "mysql", "server.address": "db.example.com", "server.port": int64(3306), "db.namespace": "orders",
		},
		`"url":"mysql://ann:1?p@db.example.com/orders","database_type":"MySQL"`:                  {"db.system.name": "mysql"},
		`"url":"mysql://db/orders?password=p@T/1","database_type":"MySQL"`:                       {"db.system.name": "mysql"},
		`"connection_string":"Server=db;Password=T","database_type":"Aurora DSQL"`:               {"db.system.name": "other_sql", "aws.xray.sql.database_type": "Aurora DSQL"},
		`"url":"jdbc:oracle:thin:scott/tiger@//db:1521/orders","database_type":"Oracle"`:         {"db.system.name": "oracle.db"},
		`"url":"postgres://ann:no port","sanitized_query":"","user":{},"connection_string":[12]`: {"db.system.name": "other_sql"},
	} {
		span := subspanOf(t, inSubsegment(`,"namespace":"remote","sql":{`+block+`}`))
		assert.Equal(t, "sub", span.Name())
		assert.Equal(t, want, span.Attributes().AsRaw(), block)
	}
}
