using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The page of what was searched for.</summary>
public sealed class QueriesTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Searches_are_listed_narrowed_opened_and_run_again_beside_what_they_found_then()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        var editor = await browser.InviteAsync(owner, "editor");
        var shelf = new Shelf(owner);
        var notice = await shelf.AddReadAsync(
            "terms.md",
            "# Terms of service\n\nThe notice period is sixty days. Notice is given in writing.",
            ("title", "Terms of service")
        );
        await shelf.AddReadAsync(
            "handbook.md",
            "# Employee handbook\n\nThe notice period of employees is three months.",
            ("title", "Employee handbook")
        );
        await SearchAsync(editor, new { query = "what the editor looks for" });
        await SearchAsync(owner, new { query = "zebra crossing", limit = 10 });
        await SearchAsync(owner, new { query = "notice period", tags = new[] { "law" } });
        await SearchAsync(owner, new { query = "notice period in writing" });
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);

        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Searches" }).ClickAsync();
        await page.ArrivesAtAsync("**/queries");
        await page.GetByText("3 searches", new() { Exact = true }).WaitForAsync();
        Assert.Contains("2 found", await Row(page, "in writing").InnerTextAsync(), StringComparison.Ordinal);
        await page.GetByText("written down for whoever improves search").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("searches-list");

        await page.Locator("#filter-whose").SelectOptionAsync("all");
        await page.GetByText("4 searches", new() { Exact = true }).WaitForAsync();
        await Row(page, "what the editor looks for").GetByText("Ina editor").WaitForAsync();
        await page.Locator("#filter-whose").SelectOptionAsync(new SelectOptionValue { Label = "Ina editor" });
        await page.GetByText("1 search", new() { Exact = true }).WaitForAsync();
        await page.Locator("#filter-whose").SelectOptionAsync("all");
        await page.Locator("#filter-hits").SelectOptionAsync("true");
        await page.GetByText("3 searches", new() { Exact = true }).WaitForAsync();
        await page.ArrivesAtAsync("**?whose=all&no_hits=true");
        await page.ReloadAsync();
        await page.GetByText("3 searches", new() { Exact = true }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("searches-filtered");
        await page.Locator("#filter-mode").SelectOptionAsync("hybrid");
        await page.GetByText("No search matches").WaitForAsync();
        await page.Locator("#filter-mode").SelectOptionAsync("lexical");
        await page.Locator("#filter-from").FillAsync("2020-01-01");
        await page.Locator("#filter-to").FillAsync("2020-01-31");
        await page.GetByText("No search matches").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await page.GetByText("4 searches", new() { Exact = true }).WaitForAsync();
        await page.Locator("#q").FillAsync("ZEBRA");
        await page.GetByText("1 search", new() { Exact = true }).WaitForAsync();
        await page.Locator("#q").FillAsync("");
        await page.GetByText("4 searches", new() { Exact = true }).WaitForAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "notice period in writing" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Found then" }).WaitForAsync();
        Assert.Equal("notice period in writing", await page.Locator("h1").InnerTextAsync());
        Assert.Equal(2, await page.Locator("#then .ranked li").CountAsync());
        await visit.AssertGoodInEveryLookAsync("search-detail", whole: true);

        await shelf.DeleteAsync(notice);
        await shelf.AddReadAsync(
            "appendix.md",
            "# Notice\n\nThe notice period in writing is a period in writing.",
            ("title", "Appendix on notice")
        );
        await page.GetByLabel("Mode", new() { Exact = true }).SelectOptionAsync("lexical");
        await page.GetByLabel("Engine", new() { Exact = true }).SelectOptionAsync("postgres");
        await page.GetByLabel("Passages", new() { Exact = true }).FillAsync("0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search again" }).ClickAsync();
        await page.GetByText("From 1 to 100.").WaitForAsync();
        await page.GetByLabel("Passages", new() { Exact = true }).FillAsync("10");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search again" }).ClickAsync();
        await page.GetByText("1 stayed in place · 1 new · 1 gone").WaitForAsync();
        var then = page.Locator(".side").First;
        var now = page.Locator(".side").Last;
        await then.GetByText("A document that is gone").WaitForAsync();
        await now.GetByText("PostgreSQL").WaitForAsync();
        await now.GetByRole(AriaRole.Link, new() { Name = "Appendix on notice" }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("search-compared", whole: true);

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.ArrivesAtAsync("**/queries");
        await page.GetByText("2 searches", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete searches" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete everybody’s…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete all" }).ClickAsync();
        await page.GetByText("3 searches were deleted.").WaitForAsync();
        await page.GetByText("Nothing is written down yet").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task The_log_is_switched_off_and_on_and_says_what_it_cannot_show()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Switches");
        await page.GotoAsync("/queries");
        await page.GetByText("Nothing is written down yet").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("searches-empty");

        await page.GetByRole(AriaRole.Button, new() { Name = "Switch the log off" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Switch off" }).ClickAsync();
        await page.GetByText("Switches writes no searches down.").WaitForAsync();
        await page.GetByText("The log is switched off").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Dismiss this note" }).ClickAsync();
        await visit.AssertGoodInEveryLookAsync("searches-off");
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch the log on" }).ClickAsync();
        await page.GetByText("Searches are written down from now on.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Switch the log off" }).WaitForAsync();

        visit.Expect("404 (Not Found)");
        await page.GotoAsync($"/queries/{Guid.CreateVersion7()}");
        await page.GetByText("This search is not there").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("search-missing");

        visit.Expect("500 (Internal");
        await page.RouteAsync(
            "**/api/v1/queries*",
            route =>
                route.FulfillAsync(new() { Status = 500, Body = """{"title":"x","detail":"Try again in a moment."}""" })
        );
        await page.GotoAsync("/queries");
        await page.GetByText("Try again in a moment.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("searches-error");
        await page.UnrouteAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByText("Nothing is written down yet").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Colleagues_searches_are_not_shown_to_an_editor_who_asks_for_them()
    {
        var owner = await browser.SignUpAsync("Private");
        var editor = await browser.InviteAsync(owner, "editor");
        await SearchAsync(owner, new { query = "of the owner" });
        await SearchAsync(editor, new { query = "of the editor" });
        var ofOwner = await NewestAsync(owner);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(editor);

        visit.Expect("403 (Forbidden)");
        await page.GotoAsync("/queries?whose=all");
        await page.GetByText("These are not yours to see").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("searches-not-allowed");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show yours" }).ClickAsync();
        await page.GetByText("1 search", new() { Exact = true }).WaitForAsync();
        await page.GetByText("Owners and admins see yours, too.").WaitForAsync();
        Assert.Equal(0, await page.Locator("#filter-whose").CountAsync());
        Assert.Equal(0, await page.GetByRole(AriaRole.Button, new() { Name = "Switch the log off" }).CountAsync());

        visit.Expect("404 (Not Found)");
        await page.GotoAsync($"/queries/{ofOwner}");
        await page.GetByText("This search is not there").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Many_searches_hostile_ones_among_them_are_paged_and_read_with_keys_only()
    {
        const string hostile = "<img src=x onerror=alert(1)> \u202Egnp.exe";
        var owner = await browser.SignUpAsync("Many");
        for (var i = 0; i < 51; i++)
        {
            await SearchAsync(owner, new { query = $"search {i}" });
        }

        await SearchAsync(owner, new { query = hostile });
        await SearchAsync(owner, new { query = new string('w', 4096) });
        await using var visit = await browser.VisitAsync(Visit.Narrow);
        var page = visit.Page;
        var keys = page.Keyboard;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/queries");
        await page.GetByText("The newest 50 searches").WaitForAsync();
        Assert.Equal(hostile, await page.Locator(".searched .title").Nth(1).TextContentAsync());
        await visit.AssertGoodScreenAsync("searches-hostile");

        await page.Locator("#more").FocusAsync();
        await keys.PressAsync("Enter");
        await page.GetByText("53 searches").WaitForAsync();
        await page.WaitForFunctionAsync("() => document.activeElement.textContent === 'search 2'");
        await keys.PressAsync("ArrowDown");
        Assert.Equal("search 1", await page.EvaluateAsync<string>("() => document.activeElement.textContent"));
        await keys.PressAsync("Home");
        await keys.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Found then" }).WaitForAsync();
        await visit.AssertGoodScreenAsync("search-hostile");
        await page.GotoAsync("/queries");
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for “search 50”" }).FocusAsync();
        await keys.PressAsync("Enter");
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.activeElement?.id === 'again-mode'");
        visit.AssertNoComplaint();
    }

    private static ILocator Row(IPage page, string words) =>
        page.Locator(".searched").Filter(new() { HasText = words }).First;

    private static async Task SearchAsync(TestUser user, object query)
    {
        using var response = await user.Http.PostAsJsonAsync("/api/v1/search", query, Cancel);
        Assert.True(response.IsSuccessStatusCode);
    }

    private static async Task<Guid> NewestAsync(TestUser user) =>
        (await user.Http.GetFromJsonAsync<JsonElement>("/api/v1/queries?limit=1", Cancel))
            .GetProperty("items")[0]
            .GetProperty("id")
            .GetGuid();
}
