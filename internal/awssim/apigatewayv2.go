package awssim

func (s *Server) getAPIs(x *exchange) (any, error) {
	v := x.view(formV2)
	var entries []entry
	for _, api := range x.apis(TypeHTTP, TypeWebSocket) {
		entries = append(entries, entry{api.ID, func() members { return v.httpAPI(v.api(api)) }})
	}
	return s.pageOf(x, namesV2, entries)
}

// httpAPI returns the caller's HTTP or WebSocket API that the path names, as it is now.
func (x *exchange) httpAPI() (*view, *API, error) {
	v := x.view(formV2)
	api, err := x.api(TypeHTTP, TypeWebSocket)
	if err != nil {
		return nil, nil, err
	}
	return v, v.api(api), nil
}

func (s *Server) getAPI(x *exchange) (any, error) {
	v, api, err := x.httpAPI()
	if err != nil {
		return nil, err
	}
	return v.httpAPI(api), nil
}

func (s *Server) getStagesV2(x *exchange) (any, error) {
	v, api, err := x.httpAPI()
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, stage := range v.stages(api) {
		entries = append(entries, entry{stage.Name, func() members { return v.httpStage(api, stage) }})
	}
	return s.pageOf(x, namesV2, entries)
}

func (s *Server) getStageV2(x *exchange) (any, error) {
	v, api, err := x.httpAPI()
	if err != nil {
		return nil, err
	}
	stage, err := x.stage(v, api)
	if err != nil {
		return nil, err
	}
	return v.httpStage(api, stage), nil
}

func (s *Server) getRoutes(x *exchange) (any, error) {
	v, api, err := x.httpAPI()
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, r := range v.routes(api) {
		entries = append(entries, entry{r.id(api), func() members { return v.httpRoute(api, r) }})
	}
	return s.pageOf(x, namesV2, entries)
}

func (s *Server) getIntegrations(x *exchange) (any, error) {
	v, api, err := x.httpAPI()
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, i := range v.integrations(api) {
		entries = append(entries, entry{i.id, func() members { return v.httpIntegration(api, i) }})
	}
	return s.pageOf(x, namesV2, entries)
}
