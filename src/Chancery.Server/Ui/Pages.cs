using Chancery.Server.Access;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Ui.Analytics;
using Chancery.Server.Ui.Audit;
using Chancery.Server.Ui.Chat;
using Chancery.Server.Ui.Compare;
using Chancery.Server.Ui.Consent;
using Chancery.Server.Ui.Contracts;
using Chancery.Server.Ui.Device;
using Chancery.Server.Ui.Documents;
using Chancery.Server.Ui.Evaluation;
using Chancery.Server.Ui.Invite;
using Chancery.Server.Ui.NotFound;
using Chancery.Server.Ui.Operator;
using Chancery.Server.Ui.Prompts;
using Chancery.Server.Ui.Queries;
using Chancery.Server.Ui.Reference;
using Chancery.Server.Ui.Reset;
using Chancery.Server.Ui.Settings;
using Chancery.Server.Ui.Shared;
using Chancery.Server.Ui.SignIn;
using Chancery.Server.Ui.SignUp;
using Chancery.Server.Ui.Upgrade;
using Chancery.Server.Ui.Usage;
using Chancery.Server.Ui.Viewer;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Ui;

/// <summary>The addresses of the web page. Every page is a GET; what changes something is a form or the API.</summary>
internal static class Pages
{
    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        // Whoever asks decides the answer, so no access rule stands before these: each says itself who may see it.
        var pages = routes.MapGroup("").AllowAnonymous().ExcludeFromDescription();

        pages.MapGet("/", (HttpContext context) => Go(context.Principal() is null ? "/login" : "/chat"));

        pages.MapGet("/login", SignIn);
        pages.MapGet("/login/second-step", (HttpContext context) => Show<SecondStepPage>(context));
        pages.MapGet("/signup", (HttpContext context) => SignedOut<SignUpPage>(context));
        pages.MapGet("/forgot", (HttpContext context) => Show<ForgotPage>(context));
        pages.MapGet("/reset", (HttpContext context) => Show<ResetPage>(context));
        pages.MapGet("/invite", (HttpContext context) => Show<InvitePage>(context));

        pages.MapGet(Authorization.Path, AuthorizePage.HandleAsync);
        pages.MapGet("/device", DeviceVisit.HandleAsync);

        pages.MapGet("/chat", (HttpContext context) => SignedIn<ChatPage>(context));
        pages.MapGet("/chat/{conversation:guid}", (HttpContext context) => SignedIn<ChatPage>(context));
        pages.MapGet("/documents", (HttpContext context) => SignedIn<DocumentsPage>(context));
        pages.MapGet("/documents/{document:guid}", (HttpContext context) => SignedIn<ViewerPage>(context));
        pages.MapGet("/shared/{share:guid}", (HttpContext context) => SignedIn<SharedPage>(context));
        pages.MapGet("/documents/{document:guid}/compare", (HttpContext context) => SignedIn<ComparePage>(context));
        pages.MapGet("/contracts", (HttpContext context) => SignedIn<ContractsPage>(context));
        pages.MapGet("/contracts/new", (HttpContext context) => SignedIn<NewContractPage>(context));
        pages.MapGet("/contracts/{contract:guid}", (HttpContext context) => SignedIn<ContractPage>(context));
        pages.MapGet("/contracts/{contract:guid}/revisions", (HttpContext context) => SignedIn<RevisionsPage>(context));
        pages.MapGet("/prompts", (HttpContext context) => SignedIn<PromptsPage>(context));
        pages.MapGet("/prompts/new", (HttpContext context) => SignedIn<PromptEditPage>(context));
        pages.MapGet("/prompts/{prompt:guid}", (HttpContext context) => SignedIn<PromptPage>(context));
        pages.MapGet("/prompts/{prompt:guid}/edit", (HttpContext context) => SignedIn<PromptEditPage>(context));
        pages.MapGet("/prompts/{prompt:guid}/rollout", (HttpContext context) => SignedIn<RolloutPage>(context));
        pages.MapGet("/evaluation", (HttpContext context) => SignedIn<EvaluationPage>(context));
        pages.MapGet("/evaluation/compare", (HttpContext context) => SignedIn<EvalComparePage>(context));
        pages.MapGet("/evaluation/datasets/{dataset:guid}", (HttpContext context) => SignedIn<DatasetPage>(context));
        pages.MapGet("/evaluation/runs/{run:guid}", (HttpContext context) => SignedIn<EvalRunPage>(context));
        pages.MapGet("/evaluation/red-team/{run:guid}", (HttpContext context) => SignedIn<RedTeamPage>(context));
        pages.MapGet("/upgrade", (HttpContext context) => SignedIn<UpgradePage>(context));
        pages.MapGet("/queries", (HttpContext context) => SignedIn<QueriesPage>(context));
        pages.MapGet("/queries/{query:guid}", (HttpContext context) => SignedIn<QueryPage>(context));
        pages.MapGet("/usage", (HttpContext context) => SignedIn<UsagePage>(context));
        pages.MapGet("/analytics", (HttpContext context) => SignedIn<AnalyticsPage>(context));
        pages.MapGet("/audit", (HttpContext context) => SignedIn<AuditPage>(context));
        pages.MapGet("/reference", (HttpContext context) => SignedIn<ReferencePage>(context));
        pages.MapGet("/second-factor", (HttpContext context) => SignedIn<SecondFactorPage>(context, isOpen: true));
        pages.MapGet("/settings", (HttpContext context) => SignedIn<SettingsPage>(context));

        pages.MapOperatorPages();
    }

    /// <summary>Answers addresses that no route knows. Last in the pipeline.</summary>
    /// <remarks>
    /// Not a fallback route: that would match every method and content type too, and turn a 405 or a 415 into a 404.
    /// </remarks>
    public static void UseMissingPage(this IApplicationBuilder app) =>
        app.Use(
            (context, next) => context.GetEndpoint() is null ? Missing(context).ExecuteAsync(context) : next(context)
        );

    /// <summary>Who is signed in, or null.</summary>
    public static Principal? Principal(this HttpContext context) => context.Features.Get<Principal>();

    private static IResult SignIn(HttpContext context)
    {
        var query = context.Request.Query;
        if (query["return_url"].ToString().StartsWith(Authorization.Path + '?', StringComparison.Ordinal))
        {
            AuthorizePage.FormsMayLeave(context);
        }

        // Signed in as somebody, or too long ago: an application may ask for it anew.
        return query["again"] == "1" ? Show<SignInPage>(context) : SignedOut<SignInPage>(context);
    }

    private static IResult SignedIn<TPage>(HttpContext context, bool isOpen = false)
        where TPage : IComponent =>
        context.Principal() is not { } person ? Go("/login?return_url=" + HereOf(context))
        // The organisation requires a second factor, and this sign-in has none.
        : !isOpen && person.SecondFactorFrom <= context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()
            ? Go("/second-factor?return_url=" + HereOf(context))
        : Show<TPage>(context);

    private static string HereOf(HttpContext context) =>
        Uri.EscapeDataString(context.Request.Path + context.Request.QueryString);

    private static IResult SignedOut<TPage>(HttpContext context)
        where TPage : IComponent => context.Principal() is null ? Show<TPage>(context) : Go("/chat");

    /// <summary>A page that holds for this visit only.</summary>
    internal static IResult Show<TPage>(HttpContext context, int status = StatusCodes.Status200OK)
        where TPage : IComponent
    {
        // Pages carry names and addresses of people: a shared machine's back button must not show them. At the last
        // moment, because forms' antiforgery sets the same and complains about whoever was first.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers.CacheControl = "no-cache, no-store";
            return Task.CompletedTask;
        });
        return new RazorComponentResult<TPage> { StatusCode = status, PreventStreamingRendering = true };
    }

    private static IResult Missing(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api")
        || context.Request.Path.StartsWithSegments("/v1")
        || !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)
            ? Problem.Of(404, "no-route", "There is nothing at this address", "See /openapi/v1.json.")
            : Show<NotFoundPage>(context, StatusCodes.Status404NotFound);

    private static RedirectHttpResult Go(string address) => TypedResults.Redirect(address);
}
