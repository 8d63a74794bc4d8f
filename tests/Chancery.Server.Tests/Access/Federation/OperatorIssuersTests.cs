using Chancery.Server.Access.Federation;
using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Access.Federation;

/// <summary>The operator's issuers as settings.</summary>
public sealed class OperatorIssuersTests
{
    private const string Tenant = "0199a1b2-07e0-7000-8000-000000000008";

    [Fact]
    public void One_issuer_and_named_ones_stand_side_by_side_each_with_its_own_settings()
    {
        var issuers = Read(
            ("OIDC_ISSUER", "https://login.example.com/main"),
            ("OIDC_CLIENT_ID", "one"),
            ("OIDC_NAMES", "entra, okta"),
            ("OIDC_ENTRA_ISSUER", "https://entra.example.com"),
            ("OIDC_ENTRA_CLIENT_ID", "two"),
            ("OIDC_ENTRA_LABEL", "Work account"),
            ("OIDC_ENTRA_TENANT_CLAIM", "hd"),
            ("OIDC_ENTRA_TENANTS", $"acme.example={Tenant}"),
            ("OIDC_OKTA_ISSUER", "https://okta.example.com"),
            ("OIDC_OKTA_CLIENT_ID", "three"),
            ("OIDC_OKTA_ALGORITHM", "PS256"),
            ("OIDC_OKTA_ROLES", "urn:x=1=admin,legal=editor")
        ).All;

        Assert.Equal(["sso", "entra", "okta"], issuers.Select(issuer => issuer.Route));
        Assert.Equal(["login.example.com", "Work account", "okta.example.com"], issuers.Select(issuer => issuer.Label));
        Assert.Equal(["RS256", "RS256", "PS256"], issuers.Select(issuer => issuer.Algorithm));
        Assert.Equal(Guid.Parse(Tenant), issuers[1].Rules.Tenants["acme.example"]);
        Assert.Equal("admin", issuers[2].Rules.Roles["urn:x=1"]);
        Assert.False(issuers[0].Rules.Joins);
    }

    [Fact]
    public void Without_settings_there_are_none() => Assert.Empty(Read().All);

    [Theory]
    [InlineData("OIDC_ISSUER", "http://login.example.com")]
    [InlineData("OIDC_ISSUER", "https://login.example.com/?x=1")]
    [InlineData("OIDC_CLIENT_ID", "")]
    [InlineData("OIDC_ALGORITHM", "HS256")]
    [InlineData("OIDC_ALGORITHM", "none")]
    [InlineData("OIDC_JOIN", "maybe")]
    [InlineData("OIDC_DEFAULT_ROLE", "owner")]
    [InlineData("OIDC_ROLES", "heads=owner")]
    [InlineData("OIDC_TENANT", "acme")]
    [InlineData("OIDC_AUDIENCE", "one")]
    [InlineData("OIDC_TOKEN_TYPE", "id+jwt")]
    [InlineData("OIDC_NAMES", "Entra!")]
    public void What_cannot_be_meant_stops_the_start_with_the_settings_name(string name, string value)
    {
        var wrong = Assert.Throws<SettingException>(() =>
            Read(("OIDC_ISSUER", "https://login.example.com"), ("OIDC_CLIENT_ID", "one"), (name, value))
        );

        Assert.Equal(name, wrong.Name);
    }

    private static OperatorIssuers Read(params (string Name, string Value)[] settings) =>
        OperatorIssuers.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    settings
                        .GroupBy(one => one.Name)
                        .Select(group => new KeyValuePair<string, string?>(group.Key, group.Last().Value))
                )
                .Build()
        );
}
