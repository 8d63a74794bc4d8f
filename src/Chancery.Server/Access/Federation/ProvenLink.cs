using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Federation;

/// <summary>
/// Lets in whoever came from an issuer, has an account with the address that it verified, proved that by the password, and belongs to
/// no organisation: they join the one whose people the issuer's are. Safe for concurrent use.
/// </summary>
internal sealed class ProvenLink(
    IssuerRegistry registry,
    FederatedSignIn federated,
    PeopleStore people,
    FactorChecks factors,
    SignInService signIn,
    VisitCookie cookie
)
{
    /// <summary>What the sign-in then ends in; null for whoever came from no issuer, or does not become a member.</summary>
    /// <param name="email">Of the account that was proven by its password just now.</param>
    public async Task<Outcome?> JoinAsync(HttpContext context, string email, CancellationToken cancellationToken)
    {
        if (
            cookie.TakeLink(context) is not { Tenant: { } organization } link
            || !string.Equals(EmailAddress.Normalize(email), link.Email, StringComparison.OrdinalIgnoreCase)
            || await registry.FindAsync(link.Route, cancellationToken) is not { } issuer
            || await people.FindByEmailAsync(link.Email, cancellationToken) is not { } account
        )
        {
            return null;
        }

        var tenant = new TenantId(organization);
        if (!(await factors.OfAsync(tenant, account.UserId, cancellationToken)).Any)
        {
            return
                await federated.LinkAsync(issuer, link, account.UserId, tenant, cancellationToken)
                    is Arrival.Member linked
                ? await signIn.OpenAsync(context, linked.Tenant, linked.UserId, SessionKind.Page, cancellationToken)
                : null;
        }

        // Linked by the password alone, the next visit by way of the issuer would ask for no second factor: the page to which the
        // whole sign-in leads links.
        if (
            await federated.JoinAsync(issuer, link, account.UserId, tenant, cancellationToken)
            is not Arrival.Member member
        )
        {
            return null;
        }

        cookie.Write(context, link);
        return await factors.AskAsync(
                member.Tenant,
                member.UserId,
                SessionKind.Page,
                endSession: null,
                cancellationToken
            ) ?? await signIn.OpenAsync(context, member.Tenant, member.UserId, SessionKind.Page, cancellationToken);
    }
}
