using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>What somebody does who has never been here: from the sign-up to the marked passage of a real PDF.</summary>
public sealed partial class StrangersPathTests(BrowserFixture browser)
{
    private sealed record Reading(string Title, string Question, string Answer, params string[] Path);

    /// <summary>Of our own writing, so that the README may show it.</summary>
    private static readonly Reading Handbook = new(
        "Employee handbook",
        "How many days of annual leave do I have?",
        "27 days",
        "employee-handbook.pdf"
    );

    private static readonly Reading Filing = new(
        "Ulta Beauty Announces Fourth Quarter Fiscal 2022 Results",
        "What were merchandise inventories at the end of the fourth quarter of fiscal 2022?",
        "$1.6",
        "qa",
        "financebench",
        "pdfs",
        "ULTABEAUTY_2023Q4_EARNINGS.pdf"
    );

    [Theory]
    [InlineData(Visit.Wide, ColorScheme.Light, false)]
    [InlineData(Visit.Wide, ColorScheme.Dark, false)]
    [InlineData(Visit.Narrow, ColorScheme.Light, false)]
    [InlineData(Visit.Narrow, ColorScheme.Dark, true)]
    public async Task A_stranger_signs_up_uploads_a_pdf_asks_and_sees_the_passage_marked(
        int width,
        ColorScheme theme,
        bool isFiling
    )
    {
        var reading = isFiling ? Filing : Handbook;
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;

        await page.GotoAsync("/");
        Assert.EndsWith("/login", new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        await visit.AssertGoodScreenAsync("sign-in");
        await visit.SignUpAsync("Northwind Legal");
        await page.GetByText("There is nothing to ask about yet").WaitForAsync();
        await visit.AssertGoodScreenAsync("chat-nothing-yet");

        await visit.UploadAsync(
            reading.Title,
            "Ready",
            isFiling ? Visit.RealPdf(reading.Path) : DemoDocument(reading.Path[0])
        );
        await visit.AssertGoodScreenAsync("documents");

        await page.GotoAsync("/chat");
        await page.GetByRole(AriaRole.Button, new() { Name = reading.Title }).WaitForAsync();
        await visit.AssertGoodScreenAsync("chat-empty");
        await visit.AskAsync(reading.Question);
        Assert.Contains(reading.Answer, await page.Locator(".answer").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Matches("/chat/[0-9a-f-]{36}$", page.Url);
        await visit.AssertGoodScreenAsync("chat-answered");

        var card = page.Locator(".source").First;
        var quote = await card.Locator(".quote").InnerTextAsync();
        await page.Locator(".cite").First.ClickAsync();
        var mark = await MarkAsync(page);
        Assert.True(mark.Boxes > 0, "No box marks the passage.");
        Assert.True(mark.IsInView, "The marked passage is outside of the visible part of the page.");
        var words = Words(quote);
        var marked = Words(mark.Text).ToHashSet();
        var found = words.Count(marked.Contains);
        Assert.True(found >= words.Length * 0.9, $"Marked is “{mark.Text}”, cited is “{quote}”.");
        await visit.AssertGoodScreenAsync("chat-passage");

        await page.GetByRole(AriaRole.Link, new() { Name = "Open on its own page" }).ClickAsync();
        await page.ArrivesAtAsync("**/documents/**");
        // Here the boxes come from the page's own text.
        var again = await MarkAsync(page);
        Assert.True(Words(again.Text).Intersect(words).Count() >= words.Distinct().Count() * 0.9, again.Text);
        await visit.AssertGoodScreenAsync("document");
    }

    private static FilePayload DemoDocument(string name) =>
        new()
        {
            Name = name,
            MimeType = "application/pdf",
            Buffer = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Demo", "Documents", name)),
        };

    [Fact]
    public async Task An_answer_streams_and_Escape_stops_it()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Streams");
        // Held back at the browser's door, so that there is time to stop.
        await page.RouteAsync(
            "**/api/v1/chat",
            async route =>
            {
                await Task.Delay(TimeSpan.FromSeconds(20));
                await route.AbortAsync();
            }
        );
        await page.Locator("#question").FillAsync("Is anybody there?");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop answering" }).WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.GetByText("Stopped", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask again" }).WaitForAsync();
        await visit.AssertGoodScreenAsync("chat-stopped");
    }

    [Fact]
    public async Task A_question_without_support_says_so_and_the_conversation_is_kept()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Support");
        await visit.UploadAsync(
            "lease",
            "Ready",
            Visit.TextFile("lease.md", "# Lease\n\nThe rent is due on the first day of each month.")
        );
        await page.GotoAsync("/chat");
        await visit.AskAsync("Which volcano erupted in Iceland?");
        await page.GetByText("Not in your documents").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("chat-not-in-documents");

        await visit.AskAsync("When is the rent due?");
        Assert.Contains("first day", await page.Locator(".answer").Last.InnerTextAsync(), StringComparison.Ordinal);
        await page.ReloadAsync();
        await page.Locator(".turn").Nth(1).WaitForAsync();
        await page.Locator(".cite").First.ClickAsync();
        Assert.Contains(
            "rent is due",
            await page.Locator(".text-page mark").InnerTextAsync(),
            StringComparison.Ordinal
        );
        await visit.AssertGoodScreenAsync("chat-text-passage");
        await page.Keyboard.PressAsync("Escape");

        await page.GetByRole(AriaRole.Button, new() { NameRegex = ConversationActions() }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Rename" }).ClickAsync();
        await page.GetByLabel("Title").FillAsync("Rent and volcanoes");
        await visit.AssertGoodScreenAsync("chat-rename");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Link, new() { Name = "Rent and volcanoes" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ConversationActions() }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await page.ArrivesAtAsync("**/chat");
        await page.GetByText("Your conversations will be listed here").WaitForAsync();
        visit.AssertNoComplaint();
    }

    /// <summary>What the boxes over the page cover.</summary>
    private static async Task<Mark> MarkAsync(IPage page)
    {
        await page.Locator(".marks rect").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        var found = await page.EvaluateAsync<JsonElement>(
            """
            () => {
              const boxes = [...document.querySelectorAll(".marks rect")].map((box) => box.getBoundingClientRect());
              const stage = document.querySelector(".viewer-stage").getBoundingClientRect();
              const covered = [...document.querySelectorAll(".textLayer span")].filter((span) => {
                const at = span.getBoundingClientRect();
                const middle = at.top + at.height / 2;
                return span.textContent.trim() !== ""
                  && boxes.some((box) => box.top <= middle && middle <= box.bottom && box.left < at.right && at.left < box.right);
              });
              return {
                boxes: boxes.length,
                isInView: boxes[0].top >= stage.top && boxes[0].bottom <= stage.bottom,
                text: covered.map((span) => span.textContent).join(" "),
              };
            }
            """
        );
        return new Mark(
            found.GetProperty("boxes").GetInt32(),
            found.GetProperty("isInView").GetBoolean(),
            found.GetProperty("text").GetString()!
        );
    }

    private static string[] Words(string text) =>
        [.. Word().Matches(text.ToLowerInvariant()).Select(match => match.Value)];

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();

    [GeneratedRegex("^Actions for (?!this )")]
    private static partial Regex ConversationActions();

    private sealed record Mark(int Boxes, bool IsInView, string Text);
}
