package awssim

// decodeCBOR reads a GetMetricData request.
func (in *metricDataInput) decodeCBOR(data []byte) error {
	r := &cborReader{data: data}
	r.object(func(name string) {
		switch name {
		case "MetricDataQueries":
			in.MetricDataQueries = make([]metricDataQuery, 0, maxMetricDataQueries)
			r.array(func() { in.MetricDataQueries = append(in.MetricDataQueries, decodeQuery(r)) })
		case "StartTime":
			in.StartTime = r.instant()
		case "EndTime":
			in.EndTime = r.instant()
		case "NextToken":
			in.NextToken = r.text()
		case "ScanBy":
			in.ScanBy = r.text()
		case "MaxDatapoints":
			if !r.null() {
				n := r.integer()
				in.MaxDatapoints = &n
			}
		default:
			r.skip()
		}
	})
	if r.err == nil && len(r.data) > 0 {
		r.fail()
	}
	return r.err
}

func decodeQuery(r *cborReader) (q metricDataQuery) {
	r.object(func(name string) {
		switch name {
		case "Id":
			q.ID = r.text()
		case "MetricStat":
			q.MetricStat = decodeMetricStat(r)
		case "Expression":
			q.Expression = r.text()
		case "Label":
			q.Label = r.text()
		case "ReturnData":
			if !r.null() {
				show := r.boolean()
				q.ReturnData = &show
			}
		case "Period":
			q.Period = r.integer()
		case "AccountId":
			q.AccountID = r.text()
		default:
			r.skip()
		}
	})
	return q
}

func decodeMetricStat(r *cborReader) *metricStat {
	if r.null() {
		return nil
	}
	m := &metricStat{}
	r.object(func(name string) {
		switch name {
		case "Metric":
			decodeMetric(r, &m.Metric)
		case "Period":
			m.Period = r.integer()
		case "Stat":
			m.Stat = r.text()
		case "Unit":
			m.Unit = r.text()
		default:
			r.skip()
		}
	})
	return m
}

func decodeMetric(r *cborReader, m *metricID) {
	r.object(func(name string) {
		switch name {
		case "Namespace":
			m.Namespace = r.text()
		case "MetricName":
			m.MetricName = r.text()
		case "Dimensions":
			m.Dimensions = make([]dimension, 0, 4)
			r.array(func() {
				var d dimension
				r.object(func(name string) {
					switch name {
					case "Name":
						d.Name = r.text()
					case "Value":
						d.Value = r.text()
					default:
						r.skip()
					}
				})
				m.Dimensions = append(m.Dimensions, d)
			})
		default:
			r.skip()
		}
	})
}
