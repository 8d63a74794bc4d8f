using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Everything on the main path without a pointer.</summary>
public sealed class KeyboardTests(BrowserFixture browser)
{
    private const int ManyTabs = 40;

    [Theory]
    [InlineData(Visit.Wide)]
    [InlineData(Visit.Narrow)]
    public async Task Signing_in_asking_and_reading_the_source_take_only_keys(int width)
    {
        var owner = await browser.SignUpAsync("Keys");
        await using (var preparation = await browser.VisitAsync())
        {
            await preparation.SignInAsync(owner);
            await preparation.UploadAsync(
                "terms",
                "Ready",
                Visit.TextFile("terms.md", "# Terms\n\nThe notice period is sixty days.\n")
            );
        }

        await using var visit = await browser.VisitAsync(width);
        var page = visit.Page;
        var keys = page.Keyboard;
        await page.GotoAsync("/login");
        await page.WaitForFunctionAsync("() => document.activeElement?.id === 'email'");
        await keys.TypeAsync(owner.Email);
        await keys.PressAsync("Tab");
        await keys.TypeAsync(owner.Password);
        await keys.PressAsync("Enter");
        await page.ArrivesAtAsync("**/chat");

        // The question is where the cursor is already.
        await page.WaitForFunctionAsync("() => document.activeElement?.id === 'question'");
        await keys.TypeAsync("How long is the notice");
        await keys.PressAsync("Shift+Enter");
        await keys.TypeAsync("period?");
        await keys.PressAsync("Enter");
        await visit.AnsweredAsync();
        Assert.Equal("", await page.Locator("#question").InputValueAsync());

        await PressUntilAsync(page, "Shift+Tab", ".source");
        await keys.PressAsync("Enter");
        await page.Locator(".text-page mark").First.WaitForAsync();
        Assert.True(
            await page.EvaluateAsync<bool>(
                "() => document.querySelector('#viewer-panel').contains(document.activeElement)"
            )
        );
        await keys.PressAsync("Escape");
        await page.Locator("#viewer-panel").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.matches('.source')"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task The_first_tab_skips_to_the_content_and_menus_close_with_Escape()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Tabs");
        await visit.UploadAsync("notes", "Ready", Visit.TextFile("notes.md", "# Notes\n\nSome words to read.\n"));
        await page.GotoAsync("/documents");
        await visit.Row("notes").WaitForAsync();
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal(
            "Skip to the content",
            await page.EvaluateAsync<string>("() => document.activeElement.textContent")
        );
        await page.Keyboard.PressAsync("Enter");
        Assert.EndsWith("#main", page.Url, StringComparison.Ordinal);

        await PressUntilAsync(page, "Tab", ".document .button.bare");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Menu).WaitForAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.Equal(
            "Details and versions",
            await page.EvaluateAsync<string>("() => document.activeElement.textContent")
        );
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Menu).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.matches('.document .button.bare')"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Documents_are_chosen_tagged_deleted_and_brought_back_with_keys_only()
    {
        var owner = await browser.SignUpAsync("Keys");
        var shelf = new Shelf(owner);
        foreach (var name in new[] { "three", "two", "one" })
        {
            await shelf.AddReadAsync($"{name}.md", $"# {name}");
        }

        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/documents");
        await visit.Row("one").WaitForAsync();

        await PressUntilAsync(page, "Tab", ".document .choose");
        await keys.PressAsync("Space");
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("Space");
        await page.GetByText("2 documents selected").WaitForAsync();
        await PressUntilAsync(page, "Tab", "#bulk-actions button:nth-child(2)");
        await keys.PressAsync("Enter");
        // The dialog has the focus and keeps it.
        await page.WaitForFunctionAsync("() => document.activeElement.id === 'ask-tags'");
        for (var i = 0; i < 6; i++)
        {
            await keys.PressAsync("Tab");
            Assert.True(
                await page.EvaluateAsync<bool>(
                    "() => document.activeElement === document.body || document.querySelector('dialog.ask').contains(document.activeElement)"
                )
            );
        }

        await keys.PressAsync("Escape");
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.matches('#bulk-actions button')"));
        await keys.PressAsync("Enter");
        await keys.TypeAsync("law");
        await keys.PressAsync("Enter");
        await visit.Row("two").GetByText("law", new() { Exact = true }).WaitForAsync();
        // After the change the focus is in the list again.
        await page.WaitForFunctionAsync("() => document.activeElement.closest('.document')");

        await keys.PressAsync("Control+a");
        await page.GetByText("3 documents selected").WaitForAsync();
        await keys.PressAsync("Delete");
        await page.GetByText("3 documents deleted.").WaitForAsync();
        await page.GetByText("No documents yet").WaitForAsync();
        await keys.PressAsync("Control+z");
        await page.GetByText("Taken back for 3 documents.").WaitForAsync();
        await page.GetByText("3 documents", new() { Exact = true }).WaitForAsync();

        await PressUntilAsync(page, "Tab", ".document a.title");
        await keys.PressAsync("End");
        Assert.Equal("three", await page.EvaluateAsync<string>("() => document.activeElement.textContent"));
        await keys.PressAsync("Enter");
        await page.Locator(".text-page").WaitForAsync();
        visit.AssertNoComplaint();
    }

    private static async Task PressUntilAsync(IPage page, string key, string selector)
    {
        for (var i = 0; i < ManyTabs; i++)
        {
            await page.Keyboard.PressAsync(key);
            if (await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
            {
                return;
            }
        }

        Assert.Fail($"{key} never reached {selector}.");
    }
}
