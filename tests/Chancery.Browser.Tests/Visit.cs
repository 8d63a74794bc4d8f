using System.Collections.Concurrent;
using Chancery.Testing;
using Chancery.Testing.Contract;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Somebody at a browser. Remembers whatever a browser complains about.</summary>
public sealed class Visit : IAsyncDisposable
{
    public const int Wide = 1440;
    public const int Narrow = 390;
    public const string Password = "correct horse battery staple";

    /// <summary>The letters are there, a new size or theme has been drawn, and what moves to its new look has arrived.</summary>
    private const string Settled = """
        async () => {
            await document.fonts.ready;
            const frame = () => new Promise(drawn => requestAnimationFrame(drawn));
            await frame();
            await frame();
            for (const one of document.getAnimations()) {
                if (Number.isFinite(one.effect.getComputedTiming().endTime)) one.finish();
            }
        }
        """;

    private static readonly TimeSpan CheckPatience = TimeSpan.FromSeconds(5);

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentBag<string> _allowed = [];
    private readonly ConcurrentBag<Task> _checks = [];

    private Visit(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
    }

    public IPage Page { get; }

    public static async Task<Visit> StartAsync(IBrowserContext context, Uri address)
    {
        var visit = new Visit(context, await context.NewPageAsync());
        visit.Page.Console += (_, message) =>
        {
            // A content security policy violation is such an error, too.
            if (message.Type is "error" or "warning")
            {
                visit._complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        visit.Page.PageError += (_, fault) => visit._complaints.Enqueue($"fault: {fault}");
        visit.Page.Request += (_, request) =>
        {
            var asked = new Uri(request.Url);
            if (asked.Scheme is "http" or "https" && asked.Authority != address.Authority)
            {
                visit._complaints.Enqueue($"request to another origin: {request.Url}");
            }
        };
        visit.Page.Response += (_, response) => visit._checks.Add(visit.CheckAsync(response));
        return visit;
    }

    /// <summary>What the page is answered by the API is held against its description, too.</summary>
    private async Task CheckAsync(IResponse response)
    {
        var path = new Uri(response.Url).AbsolutePath;
        var type = (await response.HeaderValueAsync("content-type"))?.Split(';')[0];
        if (!ApiDescription.IsJson(type) || !ApiDescription.Committed.Knows(path))
        {
            return;
        }

        string? body;
        try
        {
            body = await response.TextAsync();
        }
        catch (PlaywrightException)
        {
            // The page went on to another one before it was read.
            return;
        }

        if (ApiDescription.Committed.Check(response.Request.Method, path, response.Status, type, body) is { } fault)
        {
            _complaints.Enqueue($"{response.Request.Method} {path} answered {response.Status}: {fault}");
        }
    }

    /// <summary>A complaint that the test brings about itself.</summary>
    public void Expect(string partOfComplaint) => _allowed.Add(partOfComplaint);

    /// <summary>No console error, no fault, no policy violation, no request to elsewhere.</summary>
    public void AssertNoComplaint()
    {
        var complaints = _complaints.Where(one =>
            !_allowed.Any(allowed => one.Contains(allowed, StringComparison.Ordinal))
        );
        Assert.True(!complaints.Any(), string.Join('\n', complaints));
    }

    /// <summary>
    /// The same state in both widths and both themes; it comes back to the width and the theme that it had. Colours depend on the
    /// theme and places on the width: narrow and dark, then wide and light, is enough to check both. Readers see all four.
    /// </summary>
    /// <param name="whole">Whether the picture shows what has to be scrolled to, too.</param>
    public async Task AssertGoodInEveryLookAsync(string name, bool whole = false)
    {
        var before = Page.ViewportSize!;
        foreach (var (width, height, themes) in Looks())
        {
            await Page.SetViewportSizeAsync(width, height);
            foreach (var theme in themes)
            {
                await Page.EmulateMediaAsync(new() { ColorScheme = theme });
                await AssertGoodScreenAsync(name, whole);
            }
        }

        await Page.SetViewportSizeAsync(before.Width, before.Height);
    }

    /// <summary>
    /// Nothing for axe to report, nothing that sticks out sideways. The screen is drawn as a picture where it has a fault, and
    /// for readers (see <see cref="Pictures"/>): encoding one for each screen of each run would cost more than all checks.
    /// </summary>
    /// <param name="name">Of the picture; the width and the theme are added.</param>
    public async Task AssertGoodScreenAsync(string name, bool whole = false)
    {
        var size = Page.ViewportSize!;
        if (Pictures.AreForReaders)
        {
            var isDark = await IsDarkAsync();
            await PictureAsync(name, size.Width, isDark, whole);
            if (Pictures.IsShownInEveryLook(name))
            {
                await OtherLooksAsync(name, size, isDark);
            }
        }

        await Page.EvaluateAsync(Settled);
        var sideways = await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth");
        var faults = (await Axe.ViolationsAsync(Page)).Select(found => $"{name}: {found}").ToList();
        if (sideways > 0)
        {
            faults.Add($"{name} is {sideways} px wider than the window.");
        }

        if (faults.Count > 0)
        {
            await PictureAsync(name, size.Width, await IsDarkAsync(), whole);
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        AssertNoComplaint();
    }

    private static (int Width, int Height, ColorScheme[] Themes)[] Looks() =>
        Pictures.AreForReaders
            ? [(Narrow, 844, [ColorScheme.Dark, ColorScheme.Light]), (Wide, 900, [ColorScheme.Dark, ColorScheme.Light])]
            : [(Narrow, 844, [ColorScheme.Dark]), (Wide, 900, [ColorScheme.Light])];

    private Task<bool> IsDarkAsync() =>
        Page.EvaluateAsync<bool>(
            "() => getComputedStyle(document.documentElement).colorScheme === 'dark' || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches)"
        );

    private async Task PictureAsync(string name, int width, bool isDark, bool whole = false)
    {
        if (whole)
        {
            // What sticks to the window's top would stand in the middle of the picture.
            await Page.EvaluateAsync("() => scrollTo(0, 0)");
        }
        else
        {
            // In another width the section that the address names is elsewhere.
            await Page.EvaluateAsync(
                "() => location.hash && document.getElementById(location.hash.slice(1))?.scrollIntoView({ behavior: 'instant' })"
            );
        }

        await Page.ScreenshotAsync(
            new PageScreenshotOptions
            {
                Path = Pictures.PathOf($"{name}-{width}-{(isDark ? "dark" : "light")}.png"),
                Animations = ScreenshotAnimations.Disabled,
                FullPage = whole,
            }
        );
    }

    /// <summary>The same screen as it is now, in the other widths and themes; then as it was.</summary>
    private async Task OtherLooksAsync(string name, PageViewportSizeResult size, bool isDark)
    {
        foreach (var (width, height) in new[] { (Wide, 900), (Narrow, 844) })
        {
            await Page.SetViewportSizeAsync(width, height);
            foreach (var dark in new[] { false, true }.Where(dark => dark != isDark || width != size.Width))
            {
                await Page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
                await PictureAsync(name, width, dark);
            }
        }

        await Page.SetViewportSizeAsync(size.Width, size.Height);
        await Page.EmulateMediaAsync(new() { ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });
    }

    /// <summary>A stranger makes an organisation, by the form.</summary>
    /// <returns>Their e-mail; the password is <see cref="Password"/>.</returns>
    public async Task<string> SignUpAsync(string organization)
    {
        var email = $"olga-{Guid.CreateVersion7():n}@example.com";
        await Page.GotoAsync("/signup");
        await Page.GetByLabel("Organisation").FillAsync(organization);
        await Page.GetByLabel("Your name").FillAsync("Olga Owner");
        await Page.GetByLabel("E-mail").FillAsync(email);
        await Page.GetByLabel("Password").FillAsync(Password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the organisation" }).ClickAsync();
        await Page.ArrivesAtAsync("**/chat");
        return email;
    }

    public async Task SignInAsync(TestUser user)
    {
        await Page.GotoAsync("/login");
        await Page.GetByLabel("E-mail").FillAsync(user.Email);
        await Page.GetByLabel("Password").FillAsync(user.Password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Page.ArrivesAtAsync("**/chat");
    }

    /// <summary>Uploads by the button of the page and waits for the end of its processing.</summary>
    public async Task UploadAsync(string title, string end, params FilePayload[] files)
    {
        await Page.GotoAsync("/documents");
        await Page.Locator("#files").SetInputFilesAsync(files);
        await Row(title).GetByText(end, new() { Exact = true }).WaitForAsync();
    }

    /// <summary>Opens the filters where they are folded away.</summary>
    public async Task RefineAsync()
    {
        var button = Page.GetByRole(AriaRole.Button, new() { Name = "Filters" });
        if (await button.IsVisibleAsync())
        {
            await button.ClickAsync();
        }
    }

    public ILocator Row(string title) => Page.Locator(".document").Filter(new() { HasText = title }).First;

    /// <summary>Asks and waits for the whole answer.</summary>
    public async Task AskAsync(string question)
    {
        await Page.Locator("#question").FillAsync(question);
        await Page.Keyboard.PressAsync("Enter");
        await AnsweredAsync();
    }

    public Task AnsweredAsync() =>
        Page.Locator(".turn").Last.Locator(".answer-foot > *, .nothing").First.WaitForAsync();

    public static FilePayload TextFile(string name, string text) =>
        new()
        {
            Name = name,
            MimeType = "text/markdown",
            Buffer = System.Text.Encoding.UTF8.GetBytes(text),
        };

    public static FilePayload RealPdf(params string[] path)
    {
        var file = TestData.File(path);
        return new()
        {
            Name = Path.GetFileName(file),
            MimeType = "application/pdf",
            Buffer = File.ReadAllBytes(file),
        };
    }

    public async ValueTask DisposeAsync()
    {
        // A response that the page has left may never come whole: it is waited for, but not for ever.
        var checks = Task.WhenAll(_checks);
        await Task.WhenAny(checks, Task.Delay(CheckPatience));
        await _context.DisposeAsync();
        try
        {
            await checks.WaitAsync(CheckPatience);
        }
        catch (Exception exception) when (exception is PlaywrightException or TimeoutException)
        {
            // A response whose page is gone has nothing to tell.
        }

        var undescribed = _complaints.Where(one => one.Contains(" answered ", StringComparison.Ordinal)).ToList();
        Assert.True(undescribed.Count == 0, string.Join('\n', undescribed));
    }
}
