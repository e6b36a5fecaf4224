package aws

import (
	"context"
	"slices"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// DescribeLogGroups describes the log groups of the given names. Those that don't exist are absent from the answer, which has no order. An error
// comes with the groups that were found before it.
func (c *Client) DescribeLogGroups(ctx context.Context, names []string) (groups []model.LogGroup, err error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for some := range slices.Chunk(names, maxLogGroupIdentifiers) {
		found, err := c.logGroupsByIdentifier(ctx, some)
		if logGroupRefused(err) {
			// What AWS answers for a name that does not exist is not documented: the others must not go with it.
			found, err = c.logGroupsByPrefix(ctx, some)
		}
		groups = append(groups, found...)
		if err != nil {
			return groups, err
		}
	}
	return groups, nil
}

// logGroupsByIdentifier asks for at most maxLogGroupIdentifiers groups at once.
func (c *Client) logGroupsByIdentifier(ctx context.Context, names []string) (groups []model.LogGroup, err error) {
	in := &cloudwatchlogs.DescribeLogGroupsInput{LogGroupIdentifiers: names}
	err = pages(c, opDescribeLogGroups, func(token *string) (*string, error) {
		in.NextToken = token
		found, next, err := c.logGroupPage(ctx, in)
		for i := range found {
			if _, ok := slices.BinarySearch(names, found[i].Name); ok {
				groups = append(groups, found[i])
			}
		}
		return next, err
	})
	return groups, err
}

// logGroupsByPrefix asks for each group alone.
func (c *Client) logGroupsByPrefix(ctx context.Context, names []string) (groups []model.LogGroup, err error) {
	for _, name := range names {
		if name == "" {
			continue // the prefix of all
		}
		in := &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}
		err := pages(c, opDescribeLogGroups, func(token *string) (*string, error) {
			in.NextToken = token
			found, next, err := c.logGroupPage(ctx, in)
			if len(found) > 0 {
				next = nil // the answer is in the order of names, so the group that has just the prefix as its name is the first
			}
			for i := range found {
				if found[i].Name == name {
					groups = append(groups, found[i])
				}
			}
			return next, err
		})
		if err != nil && !logGroupRefused(err) {
			return groups, err
		}
	}
	return groups, nil
}

func (c *Client) logGroupPage(ctx context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) ([]model.LogGroup, *string, error) {
	out, err := call(ctx, c, opDescribeLogGroups, c.describeLogGroups, in, 0)
	if err != nil {
		return nil, nil, err
	}
	groups := make([]model.LogGroup, len(out.LogGroups))
	for i := range out.LogGroups {
		described := &out.LogGroups[i]
		if awssdk.ToString(described.LogGroupName) == "" {
			return nil, nil, c.malformed(opDescribeLogGroups, "a log group without a name")
		}
		groups[i] = logGroup(described)
	}
	return groups, out.NextToken, nil
}

func logGroup(g *types.LogGroup) model.LogGroup {
	class := g.LogGroupClass
	if class == "" {
		class = types.LogGroupClassStandard // as before there were classes
	}
	return model.LogGroup{
		Name: *g.LogGroupName, Class: string(class), Created: time.UnixMilli(awssdk.ToInt64(g.CreationTime)),
		RetentionDays: int(awssdk.ToInt32(g.RetentionInDays)), KMSKey: awssdk.ToString(g.KmsKeyId),
	}
}
