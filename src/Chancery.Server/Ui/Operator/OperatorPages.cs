using Chancery.Server.Platform.Operators;
using Microsoft.AspNetCore.Components;

namespace Chancery.Server.Ui.Operator;

/// <summary>The operator's console: pages over <c>/operator/…</c>, which show nothing that is in an organisation.</summary>
internal static class OperatorPages
{
    public const string SignIn = "/operator/sign-in";
    public const string SignOut = "/operator/sign-out";

    public static void MapOperatorPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/operator", (HttpContext context, OperatorGate gate) => AdmittedAsync<ModelsPage>(context, gate));
        pages.MapGet(
            "/operator/organizations",
            (HttpContext context, OperatorGate gate) => AdmittedAsync<OrganizationsPage>(context, gate)
        );
        // Beside /operator/plans, which is the API's.
        pages.MapGet(
            "/operator/plan-list",
            (HttpContext context, OperatorGate gate) => AdmittedAsync<PlansPage>(context, gate)
        );
        // Beside /operator/erasures, which is the API's.
        pages.MapGet(
            "/operator/erasure-list",
            (HttpContext context, OperatorGate gate) => AdmittedAsync<ErasuresPage>(context, gate)
        );
        // Beside /operator/prompts/releases, which is the API's.
        pages.MapGet(
            "/operator/release-list",
            (HttpContext context, OperatorGate gate) => AdmittedAsync<ReleasesPage>(context, gate)
        );
        pages.MapGet(SignIn, (HttpContext context) => Pages.Show<OperatorSignInPage>(context));
    }

    /// <summary>A page for whoever the gate lets in; others are asked for a token first.</summary>
    private static async Task<IResult> AdmittedAsync<TPage>(HttpContext context, OperatorGate gate)
        where TPage : IComponent
    {
        if (await gate.AdmitAsync(context, context.RequestAborted) is not { } visit)
        {
            return TypedResults.Redirect(
                $"{SignIn}?return_url={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}"
            );
        }

        context.Features.Set(visit);
        return Pages.Show<TPage>(context);
    }
}
