using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Pages of others, and documents that want to be more than text.</summary>
public sealed partial class HostilityTests(BrowserFixture browser)
{
    [Fact]
    public async Task Scripts_and_images_in_names_texts_and_answers_stay_text()
    {
        const string name = "<img src=x onerror=hacked=1>";
        const string text = """
            # Zebra contract

            The notice period of the zebra contract is ninety days <script>hacked=1</script> ![x](https://evil.example/x.png).
            """;
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("<b>Bold & Sons</b>");
        await visit.UploadAsync("Zebra contract", "Ready", Visit.TextFile("notice.md", text));
        await visit
            .Row("Zebra contract")
            .GetByRole(AriaRole.Button, new() { Name = "Actions for Zebra contract" })
            .ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Details and versions" }).ClickAsync();
        await page.Locator("#d-title").FillAsync(name);
        await page.Locator("#d-tags").FillAsync("<i>tag</i>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = name }).WaitForAsync();
        await visit.AssertGoodScreenAsync("hostile-documents");

        await page.GotoAsync("/chat");
        await visit.AskAsync("What is the notice period of the zebra contract?");
        var answer = await page.Locator(".answer").InnerTextAsync();
        Assert.Contains("ninety days", answer, StringComparison.Ordinal);
        await page.Locator(".source").First.ClickAsync();
        await page.Locator(".text-page mark").First.WaitForAsync();
        Assert.Contains(
            "<script>hacked=1</script>",
            await page.Locator(".text-page").InnerTextAsync(),
            StringComparison.Ordinal
        );
        Assert.Equal(name, await page.Locator("#viewer-title").InnerTextAsync());

        Assert.Equal("undefined", await page.EvaluateAsync<string>("() => typeof hacked"));
        Assert.Equal(0, await page.Locator("main img, main script, main iframe").CountAsync());
        await visit.AssertGoodScreenAsync("hostile-answer");
    }

    [Fact]
    public async Task A_page_of_another_origin_changes_nothing_with_the_cookie()
    {
        var owner = await browser.SignUpAsync("Target");
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsync(owner);
        await using var other = await OtherOriginAsync();

        // A page of the same host, another port: the same site, so that the cookie goes along.
        var elsewhere = other.Urls.First();
        var routes = ChangingRoutes().ToList();
        Assert.True(routes.Count > 15, "The routes were not found.");
        var open = new List<string>();
        foreach (var (method, path) in routes)
        {
            await visit.Page.GotoAsync(elsewhere);
            var target = new Uri(browser.Address, path).ToString();
            var ending =
                method == "POST" ? await SubmitAsync(visit.Page, target) : await FetchAsync(visit.Page, method, target);
            if (ending is not ("403" or "refused by the browser"))
            {
                open.Add($"{method} {path}: {ending}");
            }
        }

        Assert.Empty(open);
        var members = await owner.Http.GetFromJsonAsync<JsonElement>(
            "/api/v1/members",
            TestContext.Current.CancellationToken
        );
        Assert.Equal(1, members.GetProperty("items").GetArrayLength());
    }

    /// <summary>What a form that somebody put on their page gets.</summary>
    private static async Task<string> SubmitAsync(IPage page, string target)
    {
        var response = await page.RunAndWaitForResponseAsync(
            () =>
                page.EvaluateAsync(
                    """
                    (target) => {
                      const form = document.createElement("form");
                      form.method = "post";
                      form.action = target;
                      document.body.append(form);
                      form.submit();
                    }
                    """,
                    target
                ),
            target
        );
        if (response.Status == 403)
        {
            await page.ArrivesAtAsync(target);
        }

        return response.Status.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Other methods are asked for beforehand by the browser itself.</summary>
    private static Task<string> FetchAsync(IPage page, string method, string target) =>
        page.EvaluateAsync<string>(
            """
            async ([method, target]) => {
              try {
                return String((await fetch(target, { method, credentials: "include", body: "{}", headers: { "Content-Type": "application/json" } })).status);
              } catch {
                return "refused by the browser";
              }
            }
            """,
            new[] { method, target }
        );

    /// <summary>Every route of the API that is not a plain read, with something in the place of its parameters.</summary>
    private IEnumerable<(string Method, string Path)> ChangingRoutes() =>
        from endpoint in browser.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
        where pattern.StartsWith("/api/v1/", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        where method is not ("GET" or "HEAD" or "OPTIONS")
        select (
            method,
            Parameter()
                .Replace(
                    pattern,
                    match =>
                        match.Value.Contains(":int", StringComparison.Ordinal) ? "1" : Guid.CreateVersion7().ToString()
                )
        );

    private static async Task<WebApplication> OtherOriginAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/", () => TypedResults.Content("<!doctype html><title>Elsewhere</title>", "text/html"));
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();
}
