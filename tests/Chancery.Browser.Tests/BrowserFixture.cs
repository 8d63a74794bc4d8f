using System.Collections.Concurrent;
using Chancery.Browser.Tests;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace Chancery.Browser.Tests;

/// <summary>The real server, and Chromium beside it; one of each for all tests.</summary>
/// <remarks>Debian's Chromium, or the one that <c>CHROMIUM</c> names.</remarks>
public sealed class BrowserFixture : ChanceryFixture
{
    private const float SlowMs = 30_000;

    private static readonly string[] Arguments =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    /// <summary>What the model says to a question.</summary>
    public ConcurrentDictionary<string, ScriptedReply> Scripts { get; } = new();

    /// <summary>What the model says to whatever has these words in it.</summary>
    public ConcurrentDictionary<string, ScriptedReply> Fragments { get; } = new();

    /// <summary>What the model says where it says something; it comes before <see cref="Scripts"/>.</summary>
    public Func<ScriptedRequest, ScriptedReply?> Obeys { get; set; } = _ => null;

    /// <summary>What the model quotes, and how many of 5 points it gives, where it judges an answer to this question.</summary>
    public ConcurrentDictionary<string, (string Quote, int Score)> Verdicts { get; } = new();

    /// <summary>A model beside the extractive answerer, which stays the default.</summary>
    public ScriptedModelServer Model { get; private set; } = null!;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync();
        Model.Behaves(request =>
            Obeys(request)
            ?? Judge(request)
            ?? Fragments
                .FirstOrDefault(one => request.LastUserMessage.Contains(one.Key, StringComparison.Ordinal))
                .Value
            ?? Scripts.GetValueOrDefault(request.LastUserMessage, new ScriptedReply("I do not know."))
        );
        Settings["MODEL_URL"] = Model.BaseAddress.ToString();
        Settings["MODEL_NAME"] = "scripted";
        // Each test has faults of its own: they must not add up to a breaker.
        Settings["LLM_BREAKER_FAILURES"] = "1000";
        Settings["MODEL_CONTEXT_WINDOW"] = "16000";
        Settings["DEFAULT_LLM_MODEL"] = "extractive";
        Settings["OPENAI_BASE_URL"] = Model.BaseAddress.ToString();
        await base.InitializeAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium",
                Args = Arguments,
            }
        );
    }

    /// <summary>A fresh browser profile with one page: nobody is signed in.</summary>
    public async Task<Visit> VisitAsync(
        int width = Visit.Wide,
        ColorScheme theme = ColorScheme.Light,
        bool script = true,
        Uri? server = null
    )
    {
        var context = await _browser!.NewContextAsync(
            new BrowserNewContextOptions
            {
                BaseURL = (server ?? Address).ToString(),
                ColorScheme = theme,
                JavaScriptEnabled = script,
                ReducedMotion = ReducedMotion.Reduce,
                ViewportSize = new ViewportSize { Width = width, Height = width == Visit.Wide ? 900 : 844 },
            }
        );
        context.SetDefaultTimeout(SlowMs);
        return await Visit.StartAsync(context, server ?? Address);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        await base.DisposeAsync();
        await Model.DisposeAsync();
    }

    private ScriptedReply? Judge(ScriptedRequest request) =>
        ScriptedJudge.IsAsked(request)
        && Verdicts.FirstOrDefault(one => request.Prompt.Contains(one.Key, StringComparison.Ordinal))
            is { Key: not null } said
            ? ScriptedJudge.Verdict(request, said.Value.Quote, said.Value.Score)
            : null;
}
