package accessspan

// Attributes of spans that log records do not have.
const (
	methodOriginal  = "http.request.method_original"
	urlScheme       = "url.scheme"
	urlFull         = "url.full"
	urlTemplate     = "url.template"
	serverPort      = "server.port"
	rpcSystem       = "rpc.system"
	rpcMethod       = "rpc.method"
	invokedName     = "faas.invoked_name"
	invokedProvider = "faas.invoked_provider"
	invokedRegion   = "faas.invoked_region"
)
