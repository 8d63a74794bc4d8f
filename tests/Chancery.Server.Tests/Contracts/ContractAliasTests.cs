using System.Net;
using System.Net.Http.Headers;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using static Chancery.Server.Tests.Contracts.ContractApi;

namespace Chancery.Server.Tests.Contracts;

/// <summary>The paths for contracts that older clients use.</summary>
public sealed class ContractAliasTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task Older_paths_draft_list_change_and_find_the_same_contracts()
    {
        var olga = await chancery.SignUpAsync();

        var draft = await olga.PostAsync(
            "/contracts",
            new
            {
                instruction = Wish,
                model = "extractive",
                tenant_id = olga.TenantId,
                user_id = olga.UserId,
            },
            HttpStatusCode.Created
        );
        var id = draft.ContractId();
        var revised = await olga.PostAsync(
            $"/contracts/{id}/revisions",
            new { instruction = "Change the governing law to Austria", model = "extractive" },
            HttpStatusCode.Created
        );
        var listed = await olga.GetAsync("/contracts?limit=5");
        var revisions = await olga.GetAsync($"/contracts/{id}/revisions");
        var found = await olga.PostAsync(
            "/contracts/search",
            new { query = "confidential information", company_id = olga.TenantId }
        );

        Assert.Equal("Austria", revised.GetProperty("revision").Text("governing_law"));
        Assert.Equal(id, Assert.Single(listed.Items()).Id());
        Assert.Equal([2, 1], revisions.Items().Select(revision => revision.GetProperty("number").GetInt32()));
        Assert.Equal(Wish, revisions.Items()[1].Text("instruction"));
        Assert.NotEmpty(found.Results());
        Assert.All(found.Results(), one => Assert.Equal(id.ToString(), one.Text("contract_id")));
    }

    [Theory]
    [InlineData("tenant_id")]
    [InlineData("company_id")]
    [InlineData("user_id")]
    public async Task An_id_in_a_body_that_is_not_the_callers_is_refused_and_nothing_is_drafted(string field)
    {
        var olga = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync("Other");
        var foreign = field == "user_id" ? stranger.UserId : stranger.TenantId;

        foreach (var path in new[] { "/contracts", "/contracts/search" })
        {
            var refused = await olga.PostAsync(
                path,
                new Dictionary<string, string>
                {
                    ["instruction"] = Wish,
                    ["query"] = "term",
                    ["model"] = "extractive",
                    [field] = foreign.ToString(),
                },
                HttpStatusCode.Forbidden
            );

            Assert.Equal("foreign-id", refused.Text("code"));
        }

        Assert.Empty((await olga.GetAsync("/contracts")).Items());
        Assert.Empty((await stranger.GetAsync("/contracts")).Items());
    }

    [Fact]
    public async Task A_browser_that_asks_for_a_page_is_not_answered_with_JSON()
    {
        var olga = await chancery.SignUpAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/contracts");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));

        using var response = await olga.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.NotEqual("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Without_a_credential_nothing_is_told()
    {
        using var anonymous = chancery.Anonymous();

        using var list = await anonymous.GetAsync("/contracts", TestContext.Current.CancellationToken);
        using var draft = await anonymous.PostAsync(
            "/contracts",
            new StringContent("{}", MediaTypeHeaderValue.Parse("application/json")),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(HttpStatusCode.Unauthorized, list.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, draft.StatusCode);
    }
}
