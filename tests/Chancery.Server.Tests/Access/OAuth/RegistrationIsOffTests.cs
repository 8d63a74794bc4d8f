using System.Net;
using System.Net.Http.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

public sealed class RegistrationIsOffTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task Unless_the_operator_says_so_nobody_registers_themselves_and_the_metadata_names_no_such_address()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var client = chancery.Anonymous();

        using var response = await client.PostAsJsonAsync(
            "/oauth/register",
            new { redirect_uris = new[] { App.Callback } },
            cancel
        );
        var metadata = await client.GetStringAsync("/.well-known/oauth-authorization-server", cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.DoesNotContain("registration_endpoint", metadata, StringComparison.Ordinal);
    }
}
