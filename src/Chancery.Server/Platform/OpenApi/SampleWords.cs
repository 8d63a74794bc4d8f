using System.Text.RegularExpressions;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>What the words in braces of a <see cref="Routing.RouteExample"/> look like to a reader.</summary>
internal static partial class SampleWords
{
    /// <summary>Null for what is no such word.</summary>
    public static string? Of(string word) =>
        word switch
        {
            "document" or "deferred" or "deleted" or "failed" or "fetched" => "0199a1b2-0d0c-7000-8000-000000000001",
            "collection" => "0199a1b2-0c01-7000-8000-000000000002",
            "conversation" or "answered_conversation" => "0199a1b2-0c02-7000-8000-000000000003",
            "answer" => "0199a1b2-0c0e-7000-8000-000000000033",
            "shared_answer" => "0199a1b2-0c0f-7000-8000-000000000034",
            "invitation" => "0199a1b2-0101-7000-8000-000000000004",
            "group" or "staffed_group" => "0199a1b2-0904-7000-8000-000000000011",
            "grouped" => "0199a1b2-0e01-7000-8000-000000000012",
            "account" => "0199a1b2-0acc-7000-8000-000000000013",
            "member" => "0199a1b2-0e01-7000-8000-000000000005",
            "key" => "0199a1b2-0ce1-7000-8000-000000000006",
            "client" => "0199a1b2-0c11-7000-8000-000000000011",
            "session" => "0199a1b2-05e5-7000-8000-000000000007",
            "share" => "0199a1b2-054a-7000-8000-000000000009",
            "query" => "0199a1b2-0ce2-7000-8000-000000000010",
            "contract" or "commented_contract" or "revised_contract" or "deleted_contract" or "proposed_contract" =>
                "0199a1b2-0c03-7000-8000-000000000014",
            "contract_comment" => "0199a1b2-0c04-7000-8000-000000000015",
            "proposal" => "0199a1b2-0c05-7000-8000-000000000016",
            "contract_operation" => "0199a1b2-0c06-7000-8000-000000000017",
            "playbook" => "0199a1b2-0c07-7000-8000-000000000018",
            "prompt" or "versioned_prompt" or "labelled_prompt" or "rolling_prompt" or "used_prompt" =>
                "0199a1b2-0c0c-7000-8000-000000000031",
            "prompt_run" => "0199a1b2-0c0d-7000-8000-000000000032",
            "library_clause" => "0199a1b2-0c08-7000-8000-000000000019",
            "eval_dataset" => "0199a1b2-0c09-7000-8000-000000000020",
            "eval_question" => "0199a1b2-0c0a-7000-8000-000000000021",
            "eval_run" => "0199a1b2-0c0b-7000-8000-000000000022",
            "red_team_run" => "0199a1b2-0c0e-7000-8000-000000000033",
            "upgrade" => "0199a1b2-0c0b-7000-8000-000000000023",
            "operator_access" => "0199a1b2-0c0f-7000-8000-000000000053",
            "identity_issuer" => "0199a1b2-0c0f-7000-8000-000000000052",
            "tenant" => "0199a1b2-07e0-7000-8000-000000000008",
            "email" => "olga@example.com",
            "password" => "correct horse battery staple",
            "refresh" => "a refresh token",
            "passkey" => "0199a1b2-0c0b-7000-8000-000000000041",
            "challenge" => "cf_a challenge of a sign-in",
            "passkey_challenge" => "cf_a challenge of a new passkey",
            "passkey_login_challenge" => "cf_a challenge of a passkey",
            "passkey_answer" =>
                """{"id": "AbCd", "rawId": "AbCd", "type": "public-key", "response": {"clientDataJSON": "AbCd", "attestationObject": "AbCd"}}""",
            "passkey_login" =>
                """{"id": "AbCd", "rawId": "AbCd", "type": "public-key", "response": {"clientDataJSON": "AbCd", "authenticatorData": "AbCd", "signature": "AbCd"}}""",
            "totp_code" => "492039",
            "recovery_code" or "step_code" => "k7dm-9xqp-w3hf-2nvt",
            "invitation_token" => "an invitation token",
            "unique" => "example",
            _ => null,
        };

    public static string Fill(string text) =>
        InBraces().Replace(text, match => Of(match.Groups["word"].Value) ?? match.Value);

    [GeneratedRegex(@"\{(?<word>[a-z_]+)\}")]
    private static partial Regex InBraces();
}
