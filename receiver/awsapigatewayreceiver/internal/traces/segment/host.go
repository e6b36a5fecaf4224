package segment

// hostBlock is what an application runs on. All of it is of the resource.
type hostBlock struct {
	zone, instance, size, image          string // an EC2 instance
	container, containerID, containerARN string
	task, family, cluster, launchType    string // of ECS
	k8sCluster, pod                      string
	environment, versionLabel            string // of Elastic Beanstalk
	deployment                           int64
	logGroups, logGroupARNs              []string
}

// host reads a member of the aws block that is about what the application runs on, and is false where the member is another.
func (r *reader) host(s *segment, block string) bool {
	var read func(h *hostBlock, key string) bool
	switch block {
	case "ec2":
		read = r.ec2
	case "ecs":
		read = r.ecs
	case "eks":
		read = r.eks
	case "elastic_beanstalk":
		read = r.beanstalk
	case "cloudwatch_logs":
		r.logGroups(s)
		return true
	default:
		return false
	}
	if !r.open('{') {
		return true
	}
	h := s.aws.ensureHost()
	for key := ""; r.member(&key); {
		if !read(h, key) {
			r.other(&s.others, "aws."+block+".", key)
		}
	}
	return true
}

func (a *awsBlock) ensureHost() *hostBlock {
	if a.host == nil {
		a.host = &hostBlock{}
	}
	return a.host
}

func (r *reader) ec2(h *hostBlock, key string) bool {
	switch key {
	case "availability_zone":
		r.str(&h.zone)
	case "instance_id":
		r.str(&h.instance)
	case "instance_size":
		r.str(&h.size)
	case "ami_id":
		r.str(&h.image)
	default:
		return false
	}
	return true
}

// ecs has members that the SDKs write beside the three that are documented.
func (r *reader) ecs(h *hostBlock, key string) bool {
	switch key {
	case "container", "container_name":
		r.str(&h.container)
	case "container_id":
		r.str(&h.containerID)
	case "container_arn":
		r.str(&h.containerARN)
	case "task_arn":
		r.str(&h.task)
	case "task_family":
		r.str(&h.family)
	case "cluster_arn":
		r.str(&h.cluster)
	case "launch_type":
		r.str(&h.launchType)
	case "availability_zone":
		r.str(&h.zone)
	default:
		return false
	}
	return true
}

func (r *reader) eks(h *hostBlock, key string) bool {
	switch key {
	case "cluster_name":
		r.str(&h.k8sCluster)
	case "pod":
		r.str(&h.pod)
	case "container_id":
		r.str(&h.containerID)
	default:
		return false
	}
	return true
}

func (r *reader) beanstalk(h *hostBlock, key string) bool {
	switch key {
	case "environment_name", "environment":
		r.str(&h.environment)
	case "version_label":
		r.str(&h.versionLabel)
	case "deployment_id":
		r.integer(&h.deployment)
	default:
		return false
	}
	return true
}

// logGroups reads the log groups of the application.
func (r *reader) logGroups(s *segment) {
	if !r.open('[') {
		return
	}
	h := s.aws.ensureHost()
	for r.more(']') {
		if !r.open('{') {
			continue
		}
		name, arn := "", ""
		for key := ""; r.member(&key); {
			switch key {
			case "log_group":
				r.str(&name)
			case "arn":
				r.str(&arn)
			default:
				r.other(&s.others, "aws.cloudwatch_logs.", key)
			}
		}
		if name != "" && len(h.logGroups) < maxList {
			h.logGroups = append(h.logGroups, name)
		}
		if arn != "" && len(h.logGroupARNs) < maxList {
			h.logGroupARNs = append(h.logGroupARNs, arn)
		}
	}
}
