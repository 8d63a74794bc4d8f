using Chancery.Server.Access;
using Chancery.Server.Access.OAuth;

namespace Chancery.Server.Ui.Consent;

/// <summary>What a scope means, for whoever is asked to allow it.</summary>
internal static class ScopeSentences
{
    public static string Of(string scope) =>
        scope switch
        {
            Scope.OpenId => "Know that it is you",
            Scope.Profile => "See your name and your organisation",
            Scope.Email => "See your e-mail address",
            Scope.OfflineAccess => "Go on when you are not there",
            Permission.DocumentsRead => "Read, search and download documents",
            Permission.DocumentsWrite => "Add, change and delete documents",
            Permission.Ask => "Ask questions, and read the answers",
            Permission.MembersRead => "See who belongs to your organisation",
            Permission.MembersManage => "Invite people, and see who is invited",
            Permission.KeysManage => "See your organisation’s API keys and applications",
            Permission.OrganizationManage => "See and change what holds for your organisation",
            Permission.AuditRead => "Read your organisation’s record of who did what",
            _ => scope,
        };
}
