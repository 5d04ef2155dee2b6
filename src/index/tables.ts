/** The tables as TypeScript, for Kysely. A test compares this with the migrated index. */
import type { Generated } from 'kysely'

export interface Tables {
  setting: { key: string; value: string }
  user: {
    no: Generated<number>
    id: string
    email: string
    email_key: string
    name: string
    password_hash: string
    admin: Generated<number>
    created_at: number
    disabled_at: number | null
    last_seen_at: number | null
  }
  session: {
    id: string
    user_no: number
    secret_hash: Buffer
    previous_hash: Buffer | null
    previous_until: number | null
    rotated_at: number
    idle_ms: number
    created_at: number
    last_seen_at: number
    expires_at: number
    user_agent: string
    address: string
  }
  token: {
    id: string
    user_no: number
    name: string
    secret_hash: Buffer
    scopes: string
    vault_no: number | null
    created_at: number
    expires_at: number | null
    last_used_at: number | null
  }
  attempt: { key: string; failures: number; window_ends_at: number; next_at: number }
  vault: {
    no: Generated<number>
    id: string
    kind: 'personal' | 'team'
    owner_no: number
    name: string
    quota_bytes: number
    created_at: number
    seq: Generated<number>
    used_bytes: Generated<number>
    file_count: Generated<number>
    trash_bytes: Generated<number>
    trash_count: Generated<number>
    keep_versions: Generated<number | null>
    keep_days: Generated<number | null>
    reserved_bytes: Generated<number>
    max_file_bytes: Generated<number | null>
    allowed_types: Generated<string>
    forbidden_types: Generated<string>
  }
  member: { vault_no: number; user_no: number; role: 'viewer' | 'editor' | 'manager' }
  folder: {
    no: Generated<number>
    id: string
    vault_no: number
    parent_no: number | null
    name: string
    name_key: string
    name_sort: string
    color: string | null
    icon: string | null
    created_at: number
    updated_at: number
    deleted_at: number | null
    trashed_with: number | null
    file_count: Generated<number>
    folder_count: Generated<number>
  }
  file: {
    no: Generated<number>
    id: string
    vault_no: number
    folder_no: number
    owner_no: number
    name: string
    name_key: string
    name_sort: string
    extension: string
    version: number
    size: number
    sha256: Buffer
    mime_type: string
    kind: string
    width: number | null
    height: number | null
    duration: number | null
    thumbnail: Generated<'none' | 'pending' | 'ready'>
    tags: Generated<string>
    metadata: Generated<string>
    package: string | null
    created_at: number
    updated_at: number
    deleted_at: number | null
    trashed_with: number | null
    stored_bytes: Generated<number>
  }
  version: {
    no: Generated<number>
    file_no: number
    vault_no: number
    number: number
    object_id: string
    size: number
    stored_bytes: number
    sha256: Buffer
    crc32: number
    mime_type: string
    created_at: number
    created_by: number
    replaced_at: Generated<number | null>
  }
  packed: { object_id: string; base_id: string | null; stored_bytes: number }
  garbage: { object_id: string; vault_id: string; since: number; whole_only: Generated<number> }
  upload: {
    no: Generated<number>
    id: string
    token_hash: Buffer
    vault_no: number
    user_no: number
    object_id: string
    path: string
    size: number
    chunk_size: number
    sha256: Buffer | null
    blocks_sha256: Buffer | null
    base_version: number | null
    on_conflict: 'fail' | 'rename'
    mime_type: string | null
    modified_at: number | null
    tags: string | null
    metadata: string | null
    blocks: Buffer | null
    created_at: number
    expires_at: number
    file_id: Generated<string | null>
    file_version: Generated<number | null>
  }
  upload_range: { upload_no: number; start: number; stop: number }
  block_source: { no: Generated<number>; vault_no: number; object_id: string }
  block: { vault_no: number; hash48: number; source_no: number; start: number }
  favorite: { user_no: number; file_no: number }
  change: {
    no: Generated<number>
    vault_no: number
    seq: number
    kind: string
    subject_id: string
    at: number
    user_no: number | null
  }
  share: {
    no: Generated<number>
    id: string
    code: string
    vault_no: number
    folder_no: number | null
    file_no: number | null
    user_no: number
    permission: 'view' | 'download' | 'edit'
    password_hash: string | null
    expires_at: number | null
    max_downloads: number | null
    require_email: Generated<number>
    allowed_emails: Generated<string>
    notify: Generated<number>
    told_no: Generated<number>
    is_public: Generated<number>
    epoch: Generated<number>
    download_count: Generated<number>
    loose_parts: Generated<number>
    view_count: Generated<number>
    last_accessed_at: number | null
    created_at: number
    updated_at: number
  }
  visit: {
    secret_hash: Buffer
    share_no: number
    epoch: number
    email: string | null
    created_at: number
    expires_at: number
  }
  delivery: {
    no: Generated<number>
    share_no: number
    visitor: Buffer
    subject: string
    size: number
    granted: Generated<number>
    touched_at: number
  }
  mailed_code: { share_no: number; email: string; code_hash: Buffer; tries: Generated<number>; expires_at: number }
  invitation: { secret_hash: Buffer; user_no: number; created_at: number; expires_at: number }
  event: {
    no: Generated<number>
    at: number
    act: string
    user_no: number | null
    who: string
    share_id: string | null
    vault_no: number | null
    subject_id: string | null
    name: Generated<string>
    address: Generated<string>
    bytes: number | null
  }
  unrecorded: { no: Generated<number>; what: string; id: string; vault_id: string | null; user_id: string | null }
  job: {
    no: Generated<number>
    name: string
    payload: string
    priority: Generated<number>
    run_at: number
    attempts: Generated<number>
    error: string | null
    dead_at: number | null
  }
  content: { file_no: number; vault_no: number; version: number; text: Buffer }
  content_fts: { rowid: number; words: string }
  file_tag: { vault_no: number; tag: string; file_no: number }
  file_field: { vault_no: number; key: string; value: string; file_no: number }
  file_fts: { rowid: number; name: string; tags: string; fields: string }
  folder_fts: { rowid: number; name: string }
}
