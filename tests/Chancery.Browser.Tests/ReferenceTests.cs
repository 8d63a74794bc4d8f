using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The page to read the API and to try it.</summary>
public sealed partial class ReferenceTests(BrowserFixture browser)
{
    [Theory]
    [InlineData(Visit.Wide, ColorScheme.Light)]
    [InlineData(Visit.Wide, ColorScheme.Dark)]
    [InlineData(Visit.Narrow, ColorScheme.Light)]
    [InlineData(Visit.Narrow, ColorScheme.Dark)]
    public async Task The_reference_looks_right_and_its_calls_are_made(int width, ColorScheme theme)
    {
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;
        await visit.SignUpAsync("Reference");
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "API reference" }).ClickAsync();
        await page.ArrivesAtAsync("**/reference");
        await page.Locator("#UploadDocument").WaitForAsync();
        await visit.AssertGoodScreenAsync("reference");

        var create = await OpenAsync(page, "CreateCollection");
        await create.GetByLabel("Body").FillAsync("""{"name":"Contracts"}""");
        await create.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await create.Locator(".status").Filter(new() { HasTextRegex = Created() }).WaitForAsync();
        Assert.Contains("Contracts", await create.Locator(".answer pre").InnerTextAsync(), StringComparison.Ordinal);

        var upload = await OpenAsync(page, "UploadDocument");
        await upload
            .GetByLabel("file", new() { Exact = true })
            .SetInputFilesAsync(Visit.TextFile("terms.md", "# Terms\n\nThe notice period is sixty days.\n"));
        await upload.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await upload.Locator(".status").Filter(new() { HasTextRegex = Accepted() }).WaitForAsync();

        visit.Expect("404 (Not Found)");
        var get = await OpenAsync(page, "GetDocument");
        await get.GetByLabel("id").FillAsync(Guid.CreateVersion7().ToString());
        await get.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await get.Locator(".status.bad").WaitForAsync();
        await get.ScrollIntoViewIfNeededAsync();
        await visit.AssertGoodScreenAsync("reference-answer");
    }

    [Fact]
    public async Task An_answer_that_streams_is_shown_as_it_comes_and_everything_works_by_keys()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Streams");
        await page.GotoAsync("/reference");
        await page.Locator("#Chat").WaitForAsync();

        await page.GetByLabel("Find a call").FillAsync("ask a question");
        await page.Locator("#UploadDocument").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.Keyboard.PressAsync("Tab");
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.closest('#Chat') !== null"));
        await page.Keyboard.PressAsync("Enter");
        var chat = page.Locator("#Chat");
        await chat.GetByLabel("Body").FocusAsync();
        await page.Keyboard.PressAsync("ControlOrMeta+A");
        await page.Keyboard.InsertTextAsync("""{"question":"Is anybody there?","model":"extractive","stream":true}""");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");

        await chat.Locator(".answer pre").Filter(new() { HasText = "event: done" }).WaitForAsync();
        await page.GetByLabel("Find a call").FillAsync("no such call at all");
        await page.GetByText("No call has these words").WaitForAsync();
        visit.AssertNoComplaint();
    }

    private static async Task<ILocator> OpenAsync(IPage page, string operation)
    {
        var call = page.Locator($"#{operation}");
        await call.Locator("summary").First.ClickAsync();
        await call.Locator("form").WaitForAsync();
        return call;
    }

    [GeneratedRegex("^201")]
    private static partial Regex Created();

    [GeneratedRegex("^202")]
    private static partial Regex Accepted();
}
